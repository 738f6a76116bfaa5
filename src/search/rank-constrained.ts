import { Ranking } from "./ranking.js";

/** Fronts and crowding distances of points, see {@link rankConstrained}. */
export interface ConstrainedRanks {
  /** Front of each point; 0 is best. */
  readonly rank: Int32Array;
  /** Crowding distance within its front, 0 to Infinity. */
  readonly crowding: Float64Array;
}

/**
 * Ranks points under constrained dominance (Deb et al., NSGA-II, 2002): less violation comes first;
 * points of equal violation are ranked by non-dominated sorting among themselves.
 * @param points row-major, all minimised, no NaN
 * @param violation of each point, 0 = feasible
 */
export function rankConstrained(
  points: Float64Array,
  violation: Float64Array,
  dimensions: number,
): ConstrainedRanks {
  const count = violation.length;
  const rank = new Int32Array(count);
  const crowding = new Float64Array(count);
  const rows = Array.from({ length: count }, (_, i) => i);
  rows.sort((a, b) => (violation[a]! === violation[b]! ? a - b : violation[a]! - violation[b]!));
  let fronts = 0;
  for (let start = 0, end = 0; start < count; start = end) {
    while (end < count && violation[rows[end]!] === violation[rows[start]!]) end++;
    const level = rows.slice(start, end);
    const own = new Float64Array(level.length * dimensions);
    for (const [i, row] of level.entries())
      own.set(points.subarray(row * dimensions, (row + 1) * dimensions), i * dimensions);
    const ranking = new Ranking(level.length, dimensions);
    const found = ranking.update(own, level.length);
    for (const [i, row] of level.entries()) {
      rank[row] = fronts + ranking.rank[i]!;
      crowding[row] = ranking.crowding[i]!;
    }
    fronts += found;
  }
  return { rank, crowding };
}
