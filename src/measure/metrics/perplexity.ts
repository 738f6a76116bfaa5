import { EvaluationError, InvalidArgumentError } from "../../errors.js";
import { fingerprint } from "../../numeric/fingerprint.js";
import { checkMetricOptions } from "./check-metric.js";
import type { Metric, MetricOptions } from "./metric.js";
import {
  type ClassIndices,
  classIndicesOf,
  looksLikeProbabilities,
  readClassIndices,
  type ScoreRows,
  scoreRows,
} from "./outputs/score-rows.js";
import { readOutputs } from "./outputs/select-output.js";
import { sampleMeans } from "./scores/judged-share.js";
import { logProbabilityResult } from "./scores/log-probability-result.js";

/** How {@link perplexity} judges. */
export interface PerplexityOptions extends MetricOptions {
  /**
   * For each target 0 where it is not judged (padding, a prompt), as an attention mask is. Default:
   * all are. A negative target is not judged either.
   */
  readonly mask?: ClassIndices | undefined;
}

/**
 * Perplexity of next-token predictions: e to the mean cross-entropy (in nats) of the targets under
 * the softmax of the output, which holds logits. The score is its inverse, the geometric mean of
 * the targets' probabilities. A sample's score is the mean log-probability of its targets; the
 * standard error takes samples (whole sequences) as the independent draws, for neighbouring tokens
 * are not.
 * @param targets the right token at each position, [batch, time] flattened; negative = not judged
 * @throws InvalidArgumentError or InvalidDataError when the targets are no token ids; from
 *   `evaluate` EvaluationError when they do not fit the output, or the output holds probabilities
 */
export function perplexity(targets: ClassIndices, options: PerplexityOptions = {}): Metric {
  checkMetricOptions(options, ["mask"]);
  const wanted = withMask(targets, options.mask);
  return {
    name: "perplexity",
    identity: `perplexity ${options.output ?? ""} ${fingerprint(wanted)}`,
    outputs: readOutputs(options.output),
    judgesPart: true,
    evaluate(outputs, _, call) {
      const scores = scoreRows(outputs, options.output, call);
      const targets = classIndicesOf(wanted, scores, "targets", call?.partial === true);
      refuseProbabilities(scores);
      const { data, rows, classes } = scores;
      const logProbabilities = new Float64Array(rows).fill(Number.NaN);
      for (let row = 0; row < rows; row++) {
        const target = targets[row]!;
        if (target < 0) continue;
        const start = row * classes;
        let max = data[start]!;
        for (let c = 1; c < classes; c++) max = Math.max(max, data[start + c]!);
        let total = 0;
        for (let c = 0; c < classes; c++) total += Math.exp(data[start + c]! - max);
        logProbabilities[row] = data[start + target]! - max - Math.log(total);
      }
      const means = sampleMeans(logProbabilities, scores.starts);
      return { ...logProbabilityResult(logProbabilities, means), chance: 1 / classes };
    },
  };
}

/** The targets, those that the mask leaves out as negative ones. */
function withMask(targets: ClassIndices, mask: ClassIndices | undefined): Int32Array {
  if (mask === undefined) return readClassIndices(targets, "targets");
  const kept = readClassIndices(mask, "mask");
  if (kept.length !== targets?.length)
    throw new InvalidArgumentError(
      "mask",
      `mask has ${kept.length} values for ${targets?.length} targets; allowed: one for each`,
    );
  const masked = Array.from(kept, (keep, i) => (keep === 0 ? -1 : Number(targets[i])));
  return readClassIndices(masked, "targets");
}

/**
 * The softmax of probabilities is nearly even, so their perplexity would be near the number of
 * classes, and wrong.
 */
function refuseProbabilities(scores: ScoreRows): void {
  if (!looksLikeProbabilities(scores)) return;
  throw new EvaluationError(
    "metric.output",
    "the output looks like probabilities (rows of numbers from 0 to 1 whose sum is 1); " +
      "allowed: logits, which go into the Softmax",
  );
}
