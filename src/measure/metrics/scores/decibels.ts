import { standardErrorOfMean, Z95 } from "../../../numeric/confidence.js";
import type { MetricResult } from "../metric.js";
import { relativeErrorResult, scoreOfRelativeError } from "./relative-error.js";

/** What is exact would be infinitely good; float32 resolves some 144 dB. */
const MOST_DECIBELS = 150;

/** 10 log10 of a ratio of powers, within -150 to 150. */
export function decibels(signal: number, noise: number): number {
  const found = 10 * Math.log10(signal / noise);
  if (Number.isNaN(found)) return MOST_DECIBELS;
  return Math.min(MOST_DECIBELS, Math.max(-MOST_DECIBELS, found));
}

/**
 * The result of a mean of decibels: the score is that of the relative error 10^((zero - dB) / 10),
 * see `scoreOfRelativeError`.
 * @param values dB of each sample
 * @param zero dB of the best constant
 */
export function decibelResult(values: readonly number[], zero: number): MetricResult {
  const errorOf = (value: number) => 10 ** ((zero - value) / 10);
  const value = values.reduce((sum, each) => sum + each, 0) / values.length;
  const deviation = standardErrorOfMean(values) * Z95;
  const score = scoreOfRelativeError(errorOf(value));
  const low = scoreOfRelativeError(errorOf(value - deviation));
  const high = scoreOfRelativeError(errorOf(value + deviation));
  return {
    ...relativeErrorResult(values.map(errorOf)),
    score,
    value,
    standardError: Math.min(1, (high - low) / (2 * Z95)),
    interval: [Math.min(low, score), Math.max(high, score)],
  };
}
