import { QuantizationScheme } from "../../quantization/scheme.js";
import { CalibrationMethod } from "../method.js";
import type { CalibrationMethodDefinition, ChosenRange } from "../method-definition.js";
import type { RangeSource, RangeTarget } from "../sources/range-source.js";

/**
 * Clips at a percentile p: of |x| for symmetric formats, else at p and 100 - p of the values. Where
 * that leaves nothing (nearly all values are 0) the whole range is kept. Interpolated, so a slice
 * of few elements comes out near its whole range.
 */
export const percentileMethod: CalibrationMethodDefinition = {
  name: CalibrationMethod.PERCENTILE,
  code: 1,
  reach: 3,
  range: percentileRange,
};

function percentileRange(source: RangeSource, target: RangeTarget): ChosenRange {
  const whole = { low: source.min, high: source.max };
  if (target.scheme !== QuantizationScheme.ASYMMETRIC) {
    if (!target.signed) {
      const high = source.percentile(target.percentile, false);
      return high > 0 ? { low: 0, high } : whole;
    }
    const clip = source.percentile(target.percentile, true);
    return clip > 0 ? { low: -clip, high: clip } : whole;
  }
  const low = Math.min(0, source.percentile(100 - target.percentile, false));
  const high = Math.max(0, source.percentile(target.percentile, false));
  return high > low ? { low, high } : whole;
}
