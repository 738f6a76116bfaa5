import { standardErrorOfMean, Z95 } from "../../../numeric/confidence.js";
import type { MetricResult } from "../metric.js";

/** The score of an error as large as that of the best constant. */
const CONSTANT_SCORE = 0.01;

/**
 * Maps a relative error, 0 for none and 1 for that of the best constant answer, to a score: 1 -
 * 0.99 e up to 1, and 0.01 / e beyond. It falls strictly, so that ruined models are still told
 * apart, and what does not depend on its input scores 0.01 at most.
 */
export function scoreOfRelativeError(error: number): number {
  return error <= 1 ? 1 - (1 - CONSTANT_SCORE) * error : CONSTANT_SCORE / error;
}

/**
 * The result of a mean relative error.
 * @param errors relative error of each sample; the metric's is their mean
 * @param value the metric in its own unit; default: the relative error
 */
export function relativeErrorResult(errors: ArrayLike<number>, value?: number): MetricResult {
  const n = errors.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += errors[i]! / n;
  const deviation = standardErrorOfMean(errors) * Z95;
  const score = scoreOfRelativeError(mean);
  const low = scoreOfRelativeError(mean + deviation);
  const high = scoreOfRelativeError(Math.max(0, mean - deviation));
  return {
    score,
    value: value ?? mean,
    samples: n,
    // The straight part of the map alone: the differences of two samples are then those of errors.
    sampleScores: Float32Array.from(errors, (error) => 1 - (1 - CONSTANT_SCORE) * error),
    standardError: Math.min(1, (high - low) / (2 * Z95)),
    interval: [Math.min(low, score), Math.max(high, score)],
  };
}
