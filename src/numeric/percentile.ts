import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { selectKth } from "./select-kth.js";

/**
 * A percentile (0..100) by selection, not sorting: linear interpolation between the two order
 * statistics at `percentile / 100 * (n - 1)`. Reorders `values` in place. The values hold no NaN.
 * @throws InvalidArgumentError when `values` is empty or `percentile` is outside 0..100
 */
export function percentile(values: Float32Array, percentile: number): number {
  if (values.length === 0)
    throw new InvalidArgumentError("values", "values is empty; allowed: 1 or more");
  if (!(percentile >= 0 && percentile <= 100))
    throw new InvalidArgumentError(
      "percentile",
      `percentile is ${describeValue(percentile)}; allowed: 0 to 100`,
    );
  const position = (percentile / 100) * (values.length - 1);
  const k = Math.floor(position);
  const lower = selectKth(values, k);
  if (position === k) return lower;
  // Everything after k is at least the k-th, so the next order statistic is the least of it.
  let upper = Number.POSITIVE_INFINITY;
  for (let i = k + 1; i < values.length; i++) if (values[i]! < upper) upper = values[i]!;
  return lower + (upper - lower) * (position - k);
}
