import type { RangeFormat, RangeSource, RangeTarget } from "./sources/range-source.js";

/**
 * The scale 2^n with the least squared error. Exponents from one above the least that covers [low,
 * high] to `reach` below it are tried; of equal ones the greatest range wins. Never worse than the
 * covering exponent.
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
  const formats: RangeFormat[] = [];
  for (let n = covering + 1; n >= covering - reach; n--) {
    const scale = 2 ** clampExponent(n, greatest);
    if (scale !== formats.at(-1)?.scale) formats.push({ scale, zeroPoint: 0 });
  }
  const errors = source.squaredErrors(formats, qMin, qMax, Number.POSITIVE_INFINITY);
  let best = Number.POSITIVE_INFINITY;
  let bestScale = 2 ** clampExponent(covering, greatest);
  for (let i = 0; i < errors.length; i++) {
    if (!(errors[i]! < best)) continue;
    best = errors[i]!;
    bestScale = formats[i]!.scale;
  }
  return bestScale;
}

/** From the least normal float32's exponent on. */
function clampExponent(n: number, greatest: number): number {
  return Math.max(-126, Math.min(greatest, n));
}
