import { symmetricEigen } from "../../numeric/symmetric-eigen.js";
import type { LatencyProblem, LatencySolution } from "./fit-latency.js";

/** How well the data determine one parameter. */
export interface ParameterDiagnosis {
  /**
   * `determined`: its standard error is small. `at-bound`: the data want it at the end of its
   * range. `undetermined`: the error is large, alone or because others can stand in for it, or the
   * start was kept. `unused`: no latency depends on it.
   */
  readonly status: "determined" | "at-bound" | "undetermined" | "unused";
  /** Standard error over the value, from the data alone; Infinity when they do not say. */
  readonly relativeError: number;
  /** Paths of parameters that can stand in for it. */
  readonly confoundedWith: readonly string[];
}

/** Share of a direction that makes a parameter part of it. */
const PART = 0.25;
/**
 * Eigenvalues of the scaled information matrix below this mean that a combination of parameters is
 * hardly seen.
 */
const WEAK = 1e-2;
/** A parameter that moves no latency by more than this share when it doubles is not used. */
const UNUSED = 1e-6;

/**
 * Looks at the curvature of the fit: with A the change of the relative errors by the logarithms of
 * the parameters, the covariance is deviation^2 (A^T A)^-1, and eigenvectors of small eigenvalues
 * (of A^T A scaled to a unit diagonal) are combinations that the data leave open (Belsley, Kuh and
 * Welsch, Regression Diagnostics, 1980).
 * @param chosen indices of the measurements that were fitted
 * @param tolerance largest relative standard error of a parameter that counts as determined
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
      // Of an overhead at 0 the effect of its unit counts.
      const unit = at[j]! || scale;
      const squares = (sum: number, row: Float64Array, i: number) =>
        sum + problem.weight(chosen[i]!) * (row[j]! * unit) ** 2;
      return Math.sqrt(rows.reduce(squares, 0));
    });
  const jacobian = jacobianAt(multiples);
  const norms = normsAt(jacobian, multiples);
  // At an end of its range a parameter may move nothing any more, for having moved so much.
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
