import { Z95 } from "../../../numeric/confidence.js";
import type { MetricResult } from "../metric.js";

/** Most parts that a data set is cut into. */
const GROUPS = 20;

/**
 * Standard error of a statistic that is no mean of single samples (AUC, F1, mAP): the
 * delete-a-group jackknife. Samples i, i + g, i + 2g ... are one group of g, so that it needs no
 * chance and stands data in a telling order (Shao and Wu, "A general theory for jackknife variance
 * estimation", 1989).
 * @param samples how many there are
 * @param statistic of those that `keep` lets through; undefined where it is not defined for them
 * @returns 0 for fewer than 2 samples
 */
export function jackknifeError(
  samples: number,
  statistic: (keep: (sample: number) => boolean) => number | undefined,
): number {
  const groups = Math.min(GROUPS, samples);
  if (groups < 2) return 0;
  const found: number[] = [];
  for (let group = 0; group < groups; group++) {
    const without = statistic((sample) => sample % groups !== group);
    if (without !== undefined) found.push(without);
  }
  if (found.length < 2) return 0;
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
  const squares = found.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(((found.length - 1) / found.length) * squares);
}

/**
 * The result of a statistic from 0 to 1 that is no mean of single samples.
 * @param statistic see {@link jackknifeError}
 * @param defaultValue of all samples, where it is not defined
 */
export function jackknifeResult(
  samples: number,
  statistic: (keep: (sample: number) => boolean) => number | undefined,
  defaultValue: number,
): MetricResult {
  const score = Math.min(1, Math.max(0, statistic(() => true) ?? defaultValue));
  const standardError = Math.min(1, jackknifeError(samples, statistic));
  return { score, value: score, samples, ...normalErrors(score, standardError) };
}

/** A standard error and the normal interval of a score, within 0 to 1. */
export function normalErrors(
  score: number,
  standardError: number,
): Required<Pick<MetricResult, "standardError" | "interval">> {
  const half = Z95 * standardError;
  return { standardError, interval: [Math.max(0, score - half), Math.min(1, score + half)] };
}
