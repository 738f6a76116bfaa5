import { InvalidArgumentError } from "../errors.js";

/**
 * Least squares with non-negative unknowns: min ||A x - b||, x >= 0, by the active-set method of
 * Lawson and Hanson (Solving Least Squares Problems, 1974, chapter 23) on the normal equations.
 * Meant for tens of unknowns.
 * @param rows the rows of A, all of one length
 * @param targets b, one entry a row
 * @returns x; an unknown whose column is zero, or that depends linearly on others, is 0
 * @throws InvalidArgumentError when the sizes differ or a number is not finite
 */
export function nonNegativeLeastSquares(
  rows: readonly ArrayLike<number>[],
  targets: ArrayLike<number>,
): Float64Array {
  const size = rows[0]?.length ?? 0;
  if (rows.length !== targets.length)
    throw new InvalidArgumentError(
      "targets",
      `targets has ${targets.length} entries; allowed: ${rows.length}, one a row`,
    );
  const gram = Array.from({ length: size }, () => new Float64Array(size));
  const moments = new Float64Array(size);
  rows.forEach((row, index) => {
    if (row.length !== size)
      throw new InvalidArgumentError(
        `rows.${index}`,
        `rows.${index} has ${row.length} entries; allowed: ${size}`,
      );
    const target = targets[index]!;
    for (let i = 0; i < size; i++) {
      const a = row[i]!;
      if (!Number.isFinite(a * target))
        throw new InvalidArgumentError(
          `rows.${index}`,
          `rows.${index} or its target is not finite; allowed: finite numbers`,
        );
      moments[i]! += a * target;
      for (let j = 0; j <= i; j++) gram[i]![j]! += a * row[j]!;
    }
  });
  for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) gram[i]![j] = gram[j]![i]!;
  return activeSet(gram, moments);
}

function activeSet(gram: readonly Float64Array[], moments: Float64Array): Float64Array {
  const size = moments.length;
  const x = new Float64Array(size);
  const passive: number[] = [];
  const barred = new Set<number>();
  const tolerance = moments.map((moment) => 1e-11 * Math.abs(moment));
  // Each unknown enters a few times at most; the bound is against cycling by rounding.
  for (let round = 0; round < 10 * size + 10; round++) {
    const enters = steepest(
      gram,
      moments,
      x,
      (i) => passive.includes(i) || barred.has(i),
      tolerance,
    );
    if (enters < 0) break;
    passive.push(enters);
    for (;;) {
      const solution = solvePositiveDefinite(gram, moments, passive);
      if (solution === undefined || solution[passive.indexOf(enters)]! <= 0) {
        // Depends on the others, or rounding turned its sign: it stays at zero.
        if (x[enters] === 0) {
          passive.splice(passive.indexOf(enters), 1);
          barred.add(enters);
          break;
        }
        if (solution === undefined) return x;
      }
      if (solution!.every((value) => value > 0)) {
        passive.forEach((i, at) => {
          x[i] = solution![at]!;
        });
        barred.clear();
        break;
      }
      let share = 1;
      passive.forEach((i, at) => {
        const value = solution![at]!;
        if (value <= 0) share = Math.min(share, x[i]! / (x[i]! - value));
      });
      passive.forEach((i, at) => {
        x[i]! += share * (solution![at]! - x[i]!);
      });
      for (let at = passive.length - 1; at >= 0; at--) {
        const i = passive[at]!;
        if (solution![at]! <= 0 && x[i]! <= 1e-14) {
          x[i] = 0;
          passive.splice(at, 1);
        }
      }
      if (!passive.includes(enters)) break;
    }
  }
  return x;
}

/** The unknown at zero whose growth lowers the error fastest; -1 when none does. */
function steepest(
  gram: readonly Float64Array[],
  moments: Float64Array,
  x: Float64Array,
  skip: (index: number) => boolean,
  tolerance: Float64Array,
): number {
  let best = -1;
  let bestGain = 0;
  for (let i = 0; i < x.length; i++) {
    const scale = Math.sqrt(gram[i]![i]!);
    if (scale === 0 || skip(i)) continue;
    let gradient = moments[i]!;
    for (let j = 0; j < x.length; j++) gradient -= gram[i]![j]! * x[j]!;
    if (gradient > tolerance[i]! && gradient / scale > bestGain) {
      best = i;
      bestGain = gradient / scale;
    }
  }
  return best;
}

/**
 * Cholesky on the rows and columns in `chosen`; undefined when they are singular to working
 * precision.
 */
function solvePositiveDefinite(
  gram: readonly Float64Array[],
  moments: Float64Array,
  chosen: readonly number[],
): Float64Array | undefined {
  const n = chosen.length;
  const lower = chosen.map(() => new Float64Array(n));
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = gram[chosen[i]!]![chosen[j]!]!;
      for (let k = 0; k < j; k++) sum -= lower[i]![k]! * lower[j]![k]!;
      if (i !== j) lower[i]![j] = sum / lower[j]![j]!;
      else {
        if (!(sum > 1e-13 * gram[chosen[i]!]![chosen[i]!]!)) return undefined;
        lower[i]![i] = Math.sqrt(sum);
      }
    }
  }
  for (let i = 0; i < n; i++) {
    let sum = moments[chosen[i]!]!;
    for (let k = 0; k < i; k++) sum -= lower[i]![k]! * x[k]!;
    x[i] = sum / lower[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = i + 1; k < n; k++) sum -= lower[k]![i]! * x[k]!;
    x[i] = sum / lower[i]![i]!;
  }
  return x;
}
