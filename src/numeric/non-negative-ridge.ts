import { nonNegativeLeastSquares } from "./non-negative-least-squares.js";

/**
 * Unknowns up to which the solution is exact: the time for that grows with the fourth power of
 * their number.
 */
const FEW = 128;
/**
 * Passes over all unknowns, and the change by which the last one must fall short of: 1e-7 of the
 * largest unknown.
 */
const MOST_PASSES = 300;
const LEAST_CHANGE = 1e-7;

/**
 * Least squares with non-negative unknowns, each held to a value of its own: min ||A x - b||^2 +
 * sum (s_k (x_k - c_k))^2, x >= 0. Exact for few unknowns ({@link nonNegativeLeastSquares}); for
 * more by cyclic coordinate descent. That converges to the same, as the problem is convex and the
 * bounds are separate (Tseng, "Convergence of a block coordinate descent method", 2001). The number
 * of passes is bounded; each takes one step for each entry of A.
 * @param rows the rows of A, finite, all of one length
 * @param targets b, finite, one entry a row
 * @param centers c, finite, one for each unknown
 * @param strengths s, finite, at least 0, one for each unknown
 */
export function nonNegativeRidge(
  rows: readonly Float64Array[],
  targets: Float64Array,
  centers: Float64Array,
  strengths: Float64Array,
): Float64Array {
  if (centers.length > FEW) return descend(rows, targets, centers, strengths);
  const held = [...strengths.keys()].filter((k) => strengths[k]! > 0);
  const holding = held.map((k) => new Float64Array(centers.length).fill(strengths[k]!, k, k + 1));
  const aims = held.map((k) => strengths[k]! * centers[k]!);
  return nonNegativeLeastSquares([...rows, ...holding], [...targets, ...aims]);
}

function descend(
  rows: readonly Float64Array[],
  targets: Float64Array,
  centers: Float64Array,
  strengths: Float64Array,
): Float64Array {
  const n = rows.length;
  const columns = Array.from(centers, (_, k) => Float64Array.from(rows, (row) => row[k]!));
  const curvature = columns.map(
    (column, k) => column.reduce((sum, value) => sum + value * value, 0) + strengths[k]! ** 2,
  );
  const x = centers.map((center) => Math.max(0, center));
  const left = Float64Array.from(targets, (target, i) =>
    columns.reduce((rest, column, k) => rest - column[i]! * x[k]!, target),
  );
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    let change = 0;
    let largest = 0;
    for (let k = 0; k < x.length; k++) {
      if (curvature[k] === 0) continue;
      const column = columns[k]!;
      let slope = strengths[k]! ** 2 * (centers[k]! - x[k]!);
      for (let i = 0; i < n; i++) slope += column[i]! * left[i]!;
      const value = Math.max(0, x[k]! + slope / curvature[k]!);
      const step = value - x[k]!;
      largest = Math.max(largest, value);
      if (step === 0) continue;
      x[k] = value;
      for (let i = 0; i < n; i++) left[i]! -= step * column[i]!;
      change = Math.max(change, Math.abs(step));
    }
    if (change <= LEAST_CHANGE * largest) break;
  }
  return x;
}
