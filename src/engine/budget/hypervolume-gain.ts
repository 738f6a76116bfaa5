import { hypervolume } from "../../pareto/hypervolume.js";
import { toUnitRanges } from "./unit-ranges.js";

/**
 * How far behind the worst point the reference lies, as a share of the range, so that extremes
 * count.
 */
const MARGIN = 0.1;

/**
 * Which points to add to others so that together they dominate the most: one at a time, always the
 * one that adds the most to the hypervolume of what is there by then. Gains only shrink as points
 * are added (the hypervolume is submodular), so those computed before are upper bounds, and few are
 * computed again (Minoux, "Accelerated greedy algorithms", 1978). All objectives are minimised,
 * each scaled to its range over all points; one that does not vary is left out.
 * @param points the choice, vectors of one length
 * @param present what is there already
 * @returns indices of at most `count` points, the greatest gain first; those that add nothing are
 *   left out
 */
export function greatestGains(
  points: readonly (readonly number[])[],
  present: readonly (readonly number[])[],
  count: number,
): readonly number[] {
  const scale = toUnitRanges([...points, ...present]);
  const scaled = points.map(scale);
  const there = present.map(scale);
  const gains = scaled.map((point) => gain(point, there));
  const exactAt = new Array<number>(points.length).fill(0);
  const chosen: number[] = [];
  while (chosen.length < count) {
    const best = gains.reduce((most, value, i) => (value > gains[most]! ? i : most), 0);
    if (!(gains[best]! > 0)) break;
    if (exactAt[best] === chosen.length) {
      chosen.push(best);
      there.push(scaled[best]!);
      gains[best] = 0;
    } else {
      gains[best] = gain(scaled[best]!, there);
      exactAt[best] = chosen.length;
    }
  }
  return chosen;
}

/**
 * What a point dominates and the others do not: its box up to the reference, less what they
 * dominate of it.
 */
function gain(point: readonly number[], others: readonly (readonly number[])[]): number {
  const reference = point.map(() => 1 + MARGIN);
  const box = point.reduce((volume, value, k) => volume * (reference[k]! - value), 1);
  if (others.some((other) => other.every((value, k) => value <= point[k]!))) return 0;
  const within = others.map((other) => other.map((value, k) => Math.max(value, point[k]!)));
  return box - (within.length === 0 ? 0 : hypervolume(within, reference));
}
