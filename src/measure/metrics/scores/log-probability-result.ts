import { standardErrorOfMean, Z95 } from "../../../numeric/confidence.js";
import type { MetricResult } from "../metric.js";

/**
 * The geometric-mean probability of judged rows, with its error, and `value` its inverse.
 * @param rows a logarithm for each row, NaN = not judged; one or more are judged
 * @param sampleScores their means over the samples that were judged
 */
export function logProbabilityResult(rows: Float64Array, sampleScores: Float32Array): MetricResult {
  let sum = 0;
  let samples = 0;
  for (const value of rows)
    if (!Number.isNaN(value)) {
      sum += value;
      samples++;
    }
  const mean = sum / samples;
  const score = Math.exp(mean);
  const error = standardErrorOfMean(sampleScores);
  return {
    score,
    // A ruined model can pass e^709; the value has to stay a number.
    value: Math.min(Math.exp(-mean), Number.MAX_VALUE),
    samples,
    sampleScores,
    // Samples of unequal length may spread further than what they are of can.
    standardError: Math.min(1, score * error),
    interval: [Math.exp(mean - Z95 * error), Math.min(1, Math.exp(mean + Z95 * error))],
  };
}
