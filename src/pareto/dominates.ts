import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import { checkList } from "./check-arguments.js";
import { noObjective } from "./objective-matrix.js";

/**
 * True when `a` Pareto-dominates `b`: no objective is larger and at least one is smaller. All
 * objectives are minimised.
 * @param a objectives, any length from 1
 * @param b as many objectives
 * @throws InvalidArgumentError when lengths differ; InvalidDataError on NaN
 */
export function dominates(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  checkList(a, "a");
  checkList(b, "b");
  if (a.length !== b.length)
    throw new InvalidArgumentError(
      "b",
      `b has ${b.length} objectives; allowed: ${a.length}, as many as a`,
    );
  let noWorse = true;
  let better = false;
  for (let k = 0; k < a.length; k++) {
    const x = a[k]!;
    const y = b[k]!;
    if (x > y) noWorse = false;
    else if (x < y) better = true;
    else if (x !== y) throw Number.isNaN(x) ? noObjective(x, 0, k) : noObjective(y, 1, k);
  }
  return noWorse && better;
}

/**
 * Deb's constrained dominance (Deb et al., NSGA-II, 2002, definition 1). A feasible point beats an
 * infeasible one; of two infeasible points the one with the smaller total violation wins. Between
 * two feasible points, or two with equal violation, plain dominance decides.
 * @param violationA total constraint violation of `a`, 0 when feasible, never negative
 * @param violationB the same of `b`
 * @throws InvalidDataError on NaN or a negative violation, and as {@link dominates} does
 */
export function constrainedDominates(
  a: ArrayLike<number>,
  violationA: number,
  b: ArrayLike<number>,
  violationB: number,
): boolean {
  checkViolation(violationA, "violationA");
  checkViolation(violationB, "violationB");
  checkList(a, "a");
  checkList(b, "b");
  return violationA === violationB ? dominates(a, b) : violationA < violationB;
}

/** @throws InvalidDataError when the violation is negative or NaN */
export function checkViolation(violation: number, path: string): void {
  if (!(violation >= 0))
    throw new InvalidDataError(
      path,
      `${path} is ${describeValue(violation)}; allowed: 0 (feasible) or more`,
    );
}

/** {@link dominates} for two rows of checked row-major data: no checks, no allocation. */
export function rowDominates(
  data: Float64Array,
  dimensions: number,
  a: number,
  b: number,
): boolean {
  let better = false;
  const offsetA = a * dimensions;
  const offsetB = b * dimensions;
  for (let k = 0; k < dimensions; k++) {
    const x = data[offsetA + k]!;
    const y = data[offsetB + k]!;
    if (x > y) return false;
    if (x < y) better = true;
  }
  return better;
}
