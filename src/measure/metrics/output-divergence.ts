import { checkFields } from "../../check/check-fields.js";
import { InvalidArgumentError } from "../../errors.js";
import { comparedRows } from "./compared-rows.js";
import { sampleMeans } from "./judged-share.js";
import { logProbabilityResult } from "./log-probability-result.js";
import type { Metric, MetricOptions } from "./metric.js";
import { looksLikeProbabilities, type ScoreRows } from "./score-rows.js";

/** How {@link outputDivergence} compares. */
export interface OutputDivergenceOptions extends MetricOptions {
  /**
   * `kl`: Kullback-Leibler divergence of the class probabilities of each row from the float
   * model's, in nats (logits go through the softmax; rows of numbers from 0 to 1 whose sum is 1 are
   * taken as they are). `mse`: squared error over the float model's mean square. Default kl.
   */
  readonly measure?: "kl" | "mse" | undefined;
}

/**
 * How far the model's output is from the float model's. Needs no labels. It sees a change before it
 * turns a decision, so it tells genomes apart on far fewer samples than a share of right answers
 * does. The value is the mean over rows, 0 when nothing changed; the score is exp(-value), and a
 * sample's score the negative of its mean.
 */
export function outputDivergence(options: OutputDivergenceOptions = {}): Metric {
  checkFields(options, "options", ["output", "measure"]);
  const { output, measure = "kl" } = options;
  if (measure !== "kl" && measure !== "mse")
    throw new InvalidArgumentError("measure", `measure is ${String(measure)}; allowed: kl, mse`);
  return {
    name: `output-divergence (${measure})`,
    identity: `output-divergence ${measure} ${output ?? ""}`,
    needsReference: true,
    judgesPart: true,
    evaluate(outputs, reference, { partial = false } = {}) {
      const { scores, float } = comparedRows(outputs, reference, {
        metric: "output-divergence",
        output,
        partial,
      });
      const distance = measure === "mse" ? squaredError : divergence(float);
      const rows = Float64Array.from(
        { length: scores.rows },
        (_, row) => -distance(scores, float, row),
      );
      const result = logProbabilityResult(rows, sampleMeans(rows, scores.rowsPerSample));
      return { ...result, value: rows.reduce((sum, each) => sum - each, 0) / rows.length };
    },
  };
}

/**
 * Probabilities below this count as it: a quantized output of exactly 0 is not infinitely far off.
 */
const LEAST_PROBABILITY = 1e-7;

/** KL(float || quantized) of a row, at least 0. */
function divergence(
  reference: ScoreRows,
): (scores: ScoreRows, float: ScoreRows, row: number) => number {
  const logs = looksLikeProbabilities(reference) ? logsOfProbabilities : logsOfLogits;
  const [p, q] = [new Float64Array(reference.classes), new Float64Array(reference.classes)];
  return (scores, float, row) => {
    logs(float, row, p);
    logs(scores, row, q);
    let sum = 0;
    for (let c = 0; c < p.length; c++) sum += Math.exp(p[c]!) * (p[c]! - q[c]!);
    return Math.max(0, sum);
  };
}

function logsOfProbabilities({ data, classes }: ScoreRows, row: number, out: Float64Array): void {
  for (let c = 0; c < classes; c++)
    out[c] = Math.log(Math.max(LEAST_PROBABILITY, data[row * classes + c]!));
}

function logsOfLogits({ data, classes }: ScoreRows, row: number, out: Float64Array): void {
  const start = row * classes;
  let max = data[start]!;
  for (let c = 1; c < classes; c++) max = Math.max(max, data[start + c]!);
  let total = 0;
  for (let c = 0; c < classes; c++) total += Math.exp(data[start + c]! - max);
  for (let c = 0; c < classes; c++) out[c] = data[start + c]! - max - Math.log(total);
}

function squaredError(scores: ScoreRows, float: ScoreRows, row: number): number {
  let error = 0;
  let power = 0;
  for (let at = row * float.classes; at < (row + 1) * float.classes; at++) {
    error += (scores.data[at]! - float.data[at]!) ** 2;
    power += float.data[at]! ** 2;
  }
  return power > 0 ? error / power : error;
}
