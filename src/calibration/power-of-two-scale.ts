import type { RangeSource, RangeTarget } from "./range-source.js";

/**
 * The scale 2^n with the least squared error. Exponents from one above the least that covers [low, high] to
 * `reach` below it are tried; of equal ones the greatest range wins. Never worse than the covering exponent.
 */
export function powerOfTwoScale(
  source: RangeSource,
  low: number,
  high: number,
  target: RangeTarget,
  reach: number,
): number {
  const { qMin, qMax } = target;
  const clip = target.signed ? Math.max(high, -low) : Math.max(high, 0);
  if (!(clip > 0)) return 1;
  let covering = Math.ceil(Math.log2(clip / qMax));
  if (2 ** covering * qMax < clip) covering++;
  let best = Number.POSITIVE_INFINITY;
  let bestExponent = clampExponent(covering);
  let last = Number.NaN;
  for (let n = covering + 1; n >= covering - reach; n--) {
    const exponent = clampExponent(n);
    if (exponent === last) continue;
    last = exponent;
    const error = source.squaredError(2 ** exponent, 0, qMin, qMax);
    if (error < best) {
      best = error;
      bestExponent = exponent;
    }
  }
  return 2 ** bestExponent;
}

/** Normal float32 exponents. */
function clampExponent(n: number): number {
  return Math.max(-126, Math.min(127, n));
}
