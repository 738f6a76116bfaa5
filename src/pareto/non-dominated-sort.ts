import { checkFields } from "../check/check-fields.js";
import { InvalidArgumentError } from "../errors.js";
import { checkList } from "./check-arguments.js";
import { checkViolation, rowDominates } from "./dominates.js";
import { compareRows, type Objectives, pointCount, toObjectiveMatrix } from "./objective-matrix.js";

/**
 * Sorts points into fronts: the first holds all points that none dominates, the next those that
 * only points of earlier fronts dominate, and so on. With `violations`, dominance is Deb's
 * constrained one ({@link constrainedDominates}). Efficient non-dominated sort with binary search
 * (Zhang et al., ENS-BS, 2015): n log n comparisons for two objectives, seldom more than a fraction
 * of n^2 for more.
 * @param objectives points, all objectives minimised
 * @param options.violations total constraint violation per point, 0 when feasible
 * @returns indices of points per front, ascending; no front is empty; [] for no points
 * @throws InvalidArgumentError on ragged input; InvalidDataError on NaN or a negative violation
 * @example
 * ```ts
 * import { nonDominatedSort } from "quantevo/pareto";
 *
 * nonDominatedSort([[1, 3], [2, 1], [2, 3]]); // [[0, 1], [2]]
 * ```
 */
export function nonDominatedSort(
  objectives: Objectives,
  options: { readonly violations?: ArrayLike<number> | undefined } = {},
): number[][] {
  checkFields(options, "options", ["violations"]);
  const { data, dimensions } = toObjectiveMatrix(objectives);
  const count = pointCount({ data, dimensions });
  const fronts: number[][] = [];
  for (const level of violationLevels(count, options.violations))
    for (const front of sortLevel(data, dimensions, level))
      fronts.push(front.sort((a, b) => a - b));
  return fronts;
}

/**
 * Points of equal violation together, the least violation first: every level beats all later ones.
 */
function violationLevels(count: number, violations: ArrayLike<number> | undefined): number[][] {
  const indices = Array.from({ length: count }, (_, i) => i);
  if (violations === undefined) return [indices];
  checkList(violations, "violations");
  if (violations.length !== count)
    throw new InvalidArgumentError(
      "violations",
      `violations has ${violations.length} numbers; allowed: ${count}, one per point`,
    );
  for (let i = 0; i < count; i++) checkViolation(violations[i]!, `violations.${i}`);
  const levels = new Map<number, number[]>();
  for (const i of indices.sort((a, b) =>
    violations[a]! < violations[b]! ? -1 : violations[a]! > violations[b]! ? 1 : a - b,
  )) {
    const level = levels.get(violations[i]!);
    if (level === undefined) levels.set(violations[i]!, [i]);
    else level.push(i);
  }
  return [...levels.values()];
}

function sortLevel(data: Float64Array, dimensions: number, points: number[]): number[][] {
  // In lexicographic order no point dominates an earlier one, so each goes straight into its final
  // front.
  points.sort((a, b) => compareRows(data, dimensions, a, b) || a - b);
  const fronts: number[][] = [];
  for (const point of points) {
    let low = 0;
    let high = fronts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (frontDominates(data, dimensions, fronts[middle]!, point)) low = middle + 1;
      else high = middle;
    }
    if (low === fronts.length) fronts.push([point]);
    else fronts[low]!.push(point);
  }
  return fronts;
}

function frontDominates(
  data: Float64Array,
  dimensions: number,
  front: number[],
  point: number,
): boolean {
  // With two objectives the latest member has the least second objective: if it does not dominate,
  // none does.
  const first = dimensions <= 2 ? front.length - 1 : 0;
  for (let i = front.length - 1; i >= first; i--)
    if (rowDominates(data, dimensions, front[i]!, point)) return true;
  return false;
}
