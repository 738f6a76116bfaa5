import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { pairedDifference } from "../../numeric/paired-difference.js";

/** Where the scores of single samples are found. */
export interface SampleScores {
  /** Undefined when a genome has none, or they are no longer kept. */
  scoresOf(genome: QuantizationGenome): Float32Array | undefined;
}

/** Standard errors of the least advantage that counts: an error of 5% on one side. */
export const ADVANTAGE = 1.645;

/**
 * `a` is more accurate than `b` by more than chance explains: by {@link ADVANTAGE} standard errors
 * of the paired difference.
 */
export function isClearlyBetter(
  a: QuantizationGenome,
  b: QuantizationGenome,
  scores: SampleScores,
): boolean {
  const [better, worse] = [scores.scoresOf(a), scores.scoresOf(b)];
  if (better === undefined || worse === undefined) return false;
  const { mean, standardError } = pairedDifference(better, worse);
  return mean > ADVANTAGE * standardError;
}

/** As {@link isClearlyBetter} where both have scores of samples; else by accuracy alone. */
export function isMoreAccurate(
  a: QuantizationGenome,
  b: QuantizationGenome,
  scores: SampleScores,
): boolean {
  const known = scores.scoresOf(a) !== undefined && scores.scoresOf(b) !== undefined;
  return known ? isClearlyBetter(a, b, scores) : a.metrics!.accuracy > b.metrics!.accuracy;
}
