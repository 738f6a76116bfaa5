import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";

/**
 * The k-th smallest value (k from 0). Reorders `values` in place so that nothing before index k is
 * greater and nothing after it is less than the result. Quickselect (Hoare 1961) with a median of
 * three, linear on average; a run of bad pivots falls back on sorting what is left. The values hold
 * no NaN.
 * @throws InvalidArgumentError when `k` is not an index of `values`
 */
export function selectKth(values: Float32Array, k: number): number {
  if (!Number.isInteger(k) || k < 0 || k >= values.length) {
    throw new InvalidArgumentError(
      "k",
      `k is ${describeValue(k)}; allowed: an integer from 0 to ${values.length - 1}`,
    );
  }
  let left = 0;
  let right = values.length - 1;
  let budget = 2 * Math.ceil(Math.log2(values.length + 1)) + 8;
  while (right > left) {
    if (right - left < 16 || budget-- === 0) {
      values.subarray(left, right + 1).sort();
      break;
    }
    const pivot = medianOfThree(values[left]!, values[(left + right) >>> 1]!, values[right]!);
    let i = left - 1;
    let j = right + 1;
    for (;;) {
      do i++;
      while (values[i]! < pivot);
      do j--;
      while (values[j]! > pivot);
      if (i >= j) break;
      const held = values[i]!;
      values[i] = values[j]!;
      values[j] = held;
    }
    // Now left..j are at most the pivot, j+1..right at least.
    if (k <= j) right = j;
    else left = j + 1;
  }
  return values[k]!;
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
