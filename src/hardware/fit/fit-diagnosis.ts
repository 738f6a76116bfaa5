import { symmetricEigen } from "../../numeric/symmetric-eigen.js";
import type { LatencyProblem, LatencySolution } from "./fit-latency.js";

/** How well the data determine one parameter. */
export interface ParameterDiagnosis {
  /**
   * - `determined`: its standard error is small.
   * - `at-bound`: the data push it to the end of its range.
   * - `undetermined`: its standard error is large, alone or because others can replace it, or the
   *   start was kept.
   * - `unused`: no latency depends on it.
   */
  readonly status: "determined" | "at-bound" | "undetermined" | "unused";
  /** Standard error over the value, from the data alone. Infinity when the data do not tell. */
  readonly relativeError: number;
  /** Paths of parameters that can replace it. */
  readonly confoundedWith: readonly string[];
}

/** Least share of a direction for a parameter to count as part of it. */
const PART = 0.25;
/**
 * Eigenvalue of the scaled information matrix below which the data hardly see a combination of
 * parameters.
 */
const WEAK = 1e-2;
/** Relative effect on every latency, when a parameter doubles, below which it is unused. */
const UNUSED = 1e-6;

/**
 * Diagnoses a fit by its curvature (Belsley, Kuh and Welsch, "Regression Diagnostics", 1980). Let A
 * be the change of the relative errors by the logarithms of the parameters. The covariance is
 * deviation^2 (A^T A)^-1. Eigenvectors of A^T A, scaled to a unit diagonal, with small eigenvalues
 * are combinations that the data leave open.
 * @param chosen indices of the measurements that were fitted
 * @param tolerance largest relative standard error of a parameter that counts as determined
 * @returns one diagnosis for each parameter, in their order
 */
export function diagnoseFit(
  problem: LatencyProblem,
  { multiples, scale, lower, deviation, origin }: LatencySolution,
  chosen: readonly number[],
  tolerance: number,
): readonly ParameterDiagnosis[] {
  const jacobianAt = (at: Float64Array) =>
    problem.jacobian(at, problem.predict(at, chosen), chosen);
  const normsAt = (rows: readonly Float64Array[], at: Float64Array) =>
    problem.parameters.map((_, j) => {
      // An overhead at 0 is judged by the effect of its unit.
      const unit = at[j]! || scale;
      const squares = (sum: number, row: Float64Array, i: number) =>
        sum + problem.weight(chosen[i]!) * (row[j]! * unit) ** 2;
      return Math.sqrt(rows.reduce(squares, 0));
    });
  const jacobian = jacobianAt(multiples);
  const norms = normsAt(jacobian, multiples);
  // At the end of its range a parameter may have no effect, because it moved so far. Its effect at
  // the start then counts.
  const start = Float64Array.from(multiples, (_, j) => problem.start(j));
  const atStart = normsAt(jacobianAt(start), start);
  const bound = problem.parameters.map(({ reciprocal }, j) => {
    const multiple = multiples[j]!;
    const value = problem.valueOf(j, multiple);
    const { least, most } = problem.parameters[j]!;
    const low = reciprocal ? multiple <= lower[j]! * 1.00001 : multiple === 0;
    return low || value <= least || value >= most;
  });
  const free = norms.map((_, j) => j).filter((j) => norms[j]! > UNUSED && bound[j] === false);
  const scaled = free.map((j) =>
    jacobian.map(
      (row, i) => (Math.sqrt(problem.weight(chosen[i]!)) * row[j]! * multiples[j]!) / norms[j]!,
    ),
  );
  const information = scaled.map((a) =>
    scaled.map((b) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)),
  );
  const { values, vectors } = symmetricEigen(information);
  const freedom = Math.max(1, chosen.length - free.length);
  const spread = deviation * Math.sqrt(Math.max(1, chosen.length / freedom));
  return norms.map((norm, j): ParameterDiagnosis => {
    if (norm <= UNUSED && atStart[j]! <= UNUSED)
      return { status: "unused", relativeError: Number.POSITIVE_INFINITY, confoundedWith: [] };
    if (bound[j] === true || norm <= UNUSED)
      return { status: "at-bound", relativeError: Number.POSITIVE_INFINITY, confoundedWith: [] };
    const at = free.indexOf(j);
    let variance = 0;
    const partners = new Set<string>();
    vectors.forEach((vector, k) => {
      const share = vector[at]! ** 2;
      const value = values[k]!;
      if (value < 1e-12 && share < 1e-12) return;
      variance += share / Math.max(value, 1e-12);
      if (value >= WEAK || Math.abs(vector[at]!) < PART) return;
      vector.forEach((part, other) => {
        if (other !== at && Math.abs(part) >= PART)
          partners.add(problem.parameters[free[other]!]!.path);
      });
    });
    const relativeError = (spread * Math.sqrt(variance)) / norm;
    const determined =
      origin === "fitted" && relativeError <= tolerance && chosen.length > free.length;
    return {
      status: determined ? "determined" : "undetermined",
      relativeError,
      confoundedWith: determined ? [] : [...partners],
    };
  });
}
