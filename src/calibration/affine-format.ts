import { FLOAT32_MAX, FLOAT32_MIN_NORMAL, float32Below } from "../numeric/float32-range.js";
import { roundHalfEven } from "../numeric/round-half-even.js";
import { QuantizationScheme } from "../quantization/scheme.js";
import type { RangeFormat, RangeTarget } from "./sources/range-source.js";

/** Scale and zero point of one slice. */
export type AffineFormat = RangeFormat;

/**
 * The scale and zero point whose codes span [low, high]. Symmetric: the greater magnitude
 * (unsigned: `high`) over qMax. Asymmetric: the range is widened to contain 0. The scale is always
 * a positive normal float32 and every code stays finite; an empty range gives scale 1.
 */
export function affineFormat(low: number, high: number, target: RangeTarget): AffineFormat {
  const { qMin, qMax, signed, scheme } = target;
  if (scheme !== QuantizationScheme.ASYMMETRIC) {
    const clip = signed ? Math.max(high, -low) : Math.max(high, 0);
    return { scale: normalScale(clip / qMax, Math.max(qMax, -qMin)), zeroPoint: 0 };
  }
  const from = Math.min(low, 0);
  const to = Math.max(high, 0);
  const scale = normalScale((to - from) / (qMax - qMin), 1);
  const zeroPoint = Math.max(qMin, Math.min(qMax, roundHalfEven(qMin - from / scale)));
  const reach = Math.max(zeroPoint - qMin, qMax - zeroPoint);
  return { scale: normalScale(scale, reach), zeroPoint };
}

/** The nearest float32 that is positive, normal, and finite when multiplied by `reach`; 1 for 0. */
export function normalScale(scale: number, reach: number): number {
  if (!(scale > 0)) return 1;
  let rounded = Math.max(FLOAT32_MIN_NORMAL, Math.fround(Math.min(scale, FLOAT32_MAX)));
  while (Math.fround(rounded * reach) === Number.POSITIVE_INFINITY) {
    rounded = Math.min(float32Below(rounded), Math.fround(FLOAT32_MAX / reach));
  }
  return rounded;
}
