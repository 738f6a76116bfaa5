import {
  type Cholesky,
  cholesky,
  logDeterminant,
  solveCholesky,
  solveLower,
} from "../numeric/cholesky.js";

/** A prediction of a value that was not measured. */
export interface Belief {
  readonly mean: number;
  /** Standard deviation of the value itself, without the noise of a measurement. */
  readonly deviation: number;
}

/** Measured values at points. */
export interface Observations {
  /** The points, all of the same length. */
  readonly rows: readonly Float64Array[];
  /** The measured value at each point. */
  readonly targets: Float64Array;
  /** Variance of each measurement's noise, at least 0. */
  readonly noise: Float64Array;
}

/** A fitted regression that tells the uncertainty of its predictions. */
export interface GaussianProcess {
  /** Predicts the value at a point of the fitted length. */
  predict(row: Float64Array): Belief;
}

/** Length scales to try, in units of the median distance between points. */
const LENGTHS = [0.5, 1, 2, 4];
/** Signal variances to try, in units of the targets' mean square. */
const SIGNALS = [0.1, 0.4, 1.6];
/**
 * Residual variances to try, in units of the targets' mean square. They cover what the points do
 * not explain.
 */
const RESIDUALS = [0.02, 0.2];

/**
 * Gaussian process regression about zero with a squared-exponential kernel of one length scale
 * (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, algorithm 2.1). It
 * picks length, signal and residual variance from a small grid by marginal likelihood. It is
 * deterministic. Its cost grows with the cube of the number of points, so keep to some hundreds.
 * @returns undefined when there are fewer than two points or all targets are 0
 */
export function fitGaussianProcess({
  rows,
  targets,
  noise,
}: Observations): GaussianProcess | undefined {
  const n = rows.length;
  const power = targets.reduce((sum, y) => sum + y * y, 0) / n;
  if (n < 2 || !(power > 0)) return undefined;
  const squares = squaredDistances(rows);
  const unit = medianOf(squares, n);
  let best:
    | { likelihood: number; factor: Cholesky; alpha: Float64Array; signal: number; length2: number }
    | undefined;
  const matrix = new Float64Array(n * n);
  for (const length of LENGTHS) {
    const length2 = 2 * length * length * unit;
    const kernel = squares.map((square) => Math.exp(-square / length2));
    for (const share of SIGNALS)
      for (const residual of RESIDUALS) {
        const signal = share * power;
        for (let i = 0; i < n * n; i++) matrix[i] = signal * kernel[i]!;
        for (let i = 0; i < n; i++) matrix[i * n + i]! += noise[i]! + residual * power;
        const factor = cholesky(matrix, n);
        if (factor === undefined) continue;
        const alpha = solveCholesky(factor, targets);
        const fit = targets.reduce((sum, y, i) => sum + y * alpha[i]!, 0);
        const likelihood = -(fit + logDeterminant(factor)) / 2;
        if (best === undefined || likelihood > best.likelihood)
          best = { likelihood, factor, alpha, signal, length2 };
      }
  }
  if (best === undefined) return undefined;
  const { factor, alpha, signal, length2 } = best;
  return {
    predict(row) {
      const near = Float64Array.from(
        rows,
        (other) => signal * Math.exp(-squaredDistance(row, other) / length2),
      );
      const explained = solveLower(factor, near).reduce((sum, v) => sum + v * v, 0);
      return {
        mean: near.reduce((sum, k, i) => sum + k * alpha[i]!, 0),
        deviation: Math.sqrt(Math.max(0, signal - explained)),
      };
    },
  };
}

function squaredDistances(rows: readonly Float64Array[]): Float64Array {
  const n = rows.length;
  const squares = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const square = squaredDistance(rows[i]!, rows[j]!);
      squares[i * n + j] = square;
      squares[j * n + i] = square;
    }
  return squares;
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k]! - b[k]!) ** 2;
  return sum;
}

/** Median of the entries below the diagonal; 1 when it is 0. */
function medianOf(squares: Float64Array, n: number): number {
  const below = new Float64Array((n * (n - 1)) / 2);
  let at = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) below[at++] = squares[i * n + j]!;
  return below.sort()[below.length >> 1]! || 1;
}
