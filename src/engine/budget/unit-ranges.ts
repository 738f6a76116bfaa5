/**
 * Brings vectors of one length to 0..1 in every objective: from the least to the greatest value of
 * `all`. An objective that does not vary is left out.
 */
export function toUnitRanges(
  all: readonly (readonly number[])[],
): (point: readonly number[]) => readonly number[] {
  const ranges = Array.from({ length: all[0]?.length ?? 0 }, (_, k) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const point of all) {
      low = Math.min(low, point[k]!);
      high = Math.max(high, point[k]!);
    }
    return { k, low, range: high - low };
  }).filter(({ range }) => range > 0);
  return (point) => ranges.map(({ k, low, range }) => (point[k]! - low) / range);
}
