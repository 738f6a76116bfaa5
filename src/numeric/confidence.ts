/** Standard normal quantile of a two-sided 95% interval. */
export const Z95 = 1.959963984540054;

/**
 * Standard error of the mean of independent values: sample deviation over the root of their number;
 * 0 for fewer than 2.
 */
export function standardErrorOfMean(values: ArrayLike<number>): number {
  const n = values.length;
  if (n < 2) return 0;
  let mean = 0;
  let squares = 0;
  // Welford's recurrence: no loss of digits when the mean is large beside the spread.
  for (let i = 0; i < n; i++) {
    const delta = values[i]! - mean;
    mean += delta / (i + 1);
    squares += delta * (values[i]! - mean);
  }
  return Math.sqrt(squares / (n - 1) / n);
}

/**
 * 95% interval of a share, 0 to 1, of `n` independent trials (Wilson, "Probable inference, the law
 * of succession, and statistical inference", 1927). Unlike the mean plus or minus two standard
 * errors it never leaves [0, 1], and it has a width when the share is 0 or 1.
 */
export function wilsonInterval(share: number, n: number): readonly [number, number] {
  const z2 = (Z95 * Z95) / n;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = (Math.sqrt((share * (1 - share)) / n + z2 / (4 * n)) * Z95) / (1 + z2);
  return [Math.max(0, Math.min(share, middle - half)), Math.min(1, Math.max(share, middle + half))];
}
