import { InvalidArgumentError } from "../errors.js";

/**
 * Spearman's rank correlation: Pearson's correlation of the ranks, equal values sharing the mean of
 * their ranks.
 * @returns -1 to 1; NaN when one of the lists is constant
 * @throws InvalidArgumentError for fewer than two values, lists of different length, or NaN
 */
export function rankCorrelation(first: readonly number[], second: readonly number[]): number {
  if (first.length !== second.length || first.length < 2)
    throw new InvalidArgumentError(
      "second",
      `the lists have ${first.length} and ${second.length} values; allowed: the same number, ` +
        "from 2",
    );
  const a = ranks(first);
  const b = ranks(second);
  const mean = (first.length - 1) / 2;
  let ab = 0;
  let aa = 0;
  let bb = 0;
  a.forEach((rank, i) => {
    ab += (rank - mean) * (b[i]! - mean);
    aa += (rank - mean) ** 2;
    bb += (b[i]! - mean) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}

function ranks(values: readonly number[]): number[] {
  if (values.some(Number.isNaN))
    throw new InvalidArgumentError("values", "the values hold NaN; allowed: numbers");
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const result = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let at = start; at < end; at++) result[order[at]!] = (start + end - 1) / 2;
    start = end;
  }
  return result;
}
