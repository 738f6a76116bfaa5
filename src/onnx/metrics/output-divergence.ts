import { checkMetricOptions } from "../check-arguments.js";
import { comparedRows } from "./compared-rows.js";
import { sampleMeans } from "./judged-share.js";
import { logProbabilityResult } from "./log-probability-result.js";
import type { Metric, MetricOptions } from "./metric.js";
import { looksLikeProbabilities, type ScoreRows } from "./score-rows.js";

/**
 * Kullback-Leibler divergence of the model's class probabilities from the float model's, in nats, the mean over rows:
 * 0 when nothing changed. The score is e to its negative. Needs no labels. It sees a change before it turns a decision,
 * so it tells genomes apart on far fewer samples than a share of right answers does. An output of logits goes through
 * the softmax; one of probabilities (rows of numbers from 0 to 1 whose sum is 1) is taken as it is.
 */
export function outputDivergence(options: MetricOptions = {}): Metric {
  checkMetricOptions(options);
  return {
    name: "divergence",
    identity: `divergence ${options.output ?? ""}`,
    needsReference: true,
    judgesPart: true,
    evaluate(outputs, reference, { partial = false } = {}) {
      const { scores, float } = comparedRows("divergence", [outputs, reference], options.output, partial);
      const logs = looksLikeProbabilities(float) ? logsOfProbabilities : logsOfLogits;
      const [own, wanted] = [new Float64Array(scores.classes), new Float64Array(scores.classes)];
      const agreement = Float64Array.from({ length: scores.rows }, (_, row) => {
        logs(scores, row, own);
        logs(float, row, wanted);
        let sum = 0;
        for (let c = 0; c < own.length; c++) sum += Math.exp(wanted[c]!) * (own[c]! - wanted[c]!);
        // Rounding may leave it a hair above 0.
        return Math.min(0, sum);
      });
      const { samples, ...result } = logProbabilityResult(
        agreement,
        sampleMeans(agreement, scores.rowsPerSample),
      );
      return { ...result, samples, value: Math.log(1 / result.score) || 0 };
    },
  };
}

/** Probabilities below this count as it: a quantized output of exactly 0 is not infinitely far off. */
const LEAST_PROBABILITY = 1e-7;

function logsOfProbabilities({ data, classes }: ScoreRows, row: number, out: Float64Array): void {
  for (let c = 0; c < classes; c++) out[c] = Math.log(Math.max(LEAST_PROBABILITY, data[row * classes + c]!));
}

function logsOfLogits({ data, classes }: ScoreRows, row: number, out: Float64Array): void {
  const start = row * classes;
  let max = data[start]!;
  for (let c = 1; c < classes; c++) max = Math.max(max, data[start + c]!);
  let total = 0;
  for (let c = 0; c < classes; c++) total += Math.exp(data[start + c]! - max);
  for (let c = 0; c < classes; c++) out[c] = data[start + c]! - max - Math.log(total);
}
