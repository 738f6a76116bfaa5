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
  // The code of the greatest magnitude must not overflow.
  const greatest = 127 - Math.floor(Math.log2(Math.max(-qMin, qMax)));
  let best = Number.POSITIVE_INFINITY;
  let bestExponent = clampExponent(covering, greatest);
  let last = Number.NaN;
  for (let n = covering + 1; n >= covering - reach; n--) {
    const exponent = clampExponent(n, greatest);
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

/** From the least normal float32's exponent on. */
function clampExponent(n: number, greatest: number): number {
  return Math.max(-126, Math.min(greatest, n));
}
