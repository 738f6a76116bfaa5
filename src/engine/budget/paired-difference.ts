import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { standardErrorOfMean } from "../../numeric/confidence.js";

/** Mean of the differences of paired values, and its standard error. */
export interface PairedDifference {
  readonly mean: number;
  readonly standardError: number;
}

/** Where the scores of single samples are found. */
export interface SampleScores {
  /** Undefined when a genome has none, or they are no longer kept. */
  scoresOf(genome: QuantizationGenome): Float32Array | undefined;
}

/** Where all samples agree exactly. */
const LEAST_DIFFERENCE = 1e-6;
/** Standard errors of the least advantage that counts: an error of 5% on one side. */
export const ADVANTAGE = 1.645;

/**
 * `a` less `b` on the samples that both have: the first ones, as many as the shorter has. Both
 * genomes see the same samples, so the error of the difference is far below that of either
 * accuracy. Never 0: n samples that agree leave open a difference in 1 of n + 2 of them (the rule
 * of succession).
 */
export function pairedDifference(a: Float32Array, b: Float32Array): PairedDifference {
  const n = Math.min(a.length, b.length);
  const differences = new Float64Array(n);
  let largest = 0;
  let mean = 0;
  for (let i = 0; i < n; i++) {
    const difference = a[i]! - b[i]!;
    differences[i] = difference;
    mean += difference / n;
    largest = Math.max(largest, Math.abs(difference));
  }
  const least = (largest || LEAST_DIFFERENCE) / (n + 2);
  return { mean, standardError: Math.max(least, standardErrorOfMean(differences)) };
}

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
