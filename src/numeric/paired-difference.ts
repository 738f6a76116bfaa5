import { standardErrorOfMean } from "./confidence.js";

/** Mean of the differences of paired values, and its standard error. */
export interface PairedDifference {
  readonly mean: number;
  readonly standardError: number;
}

/** Where all samples agree exactly. */
const LEAST_DIFFERENCE = 1e-6;

/**
 * `a` less `b` on the samples that both have: the first ones, as many as the shorter has. Both
 * models see the same samples, so the error of the difference is far below that of either accuracy.
 * Never 0: n samples that agree leave open a difference in 1 of n + 2 of them (the rule of
 * succession).
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
