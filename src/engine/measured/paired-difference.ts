import { standardErrorOfMean } from "../../numeric/confidence.js";

/** Mean of the differences of paired values, and its standard error. */
export interface PairedDifference {
  readonly mean: number;
  readonly standardError: number;
}

/**
 * `a` less `b` on the samples that both have: the first ones, as many as the shorter has. Both genomes see the same
 * samples, so the error of the difference is far below that of either accuracy. Never 0: n samples that agree leave
 * open a difference of 1 in n + 2 of them (the rule of succession).
 */
export function pairedDifference(a: Float32Array, b: Float32Array): PairedDifference {
  const n = Math.min(a.length, b.length);
  const differences = Float64Array.from({ length: n }, (_, i) => a[i]! - b[i]!);
  let largest = 0;
  let mean = 0;
  for (const difference of differences) {
    mean += difference / n;
    largest = Math.max(largest, Math.abs(difference));
  }
  const least = (largest || LEAST_DIFFERENCE) / (n + 2);
  return { mean, standardError: Math.max(least, standardErrorOfMean(differences)) };
}

/** Where all samples agree exactly. */
const LEAST_DIFFERENCE = 1e-6;
