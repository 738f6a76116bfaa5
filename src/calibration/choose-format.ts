import { QuantizationScheme } from "../quantization/scheme.js";
import { type AffineFormat, affineFormat } from "./affine-format.js";
import { CalibrationMethod } from "./method.js";
import { entropyRange } from "./methods/entropy.js";
import { minMaxRange } from "./methods/min-max.js";
import { mseRange } from "./methods/mse.js";
import { percentileRange } from "./methods/percentile.js";
import { powerOfTwoScale } from "./power-of-two-scale.js";
import type { RangeMethod, RangeSource, RangeTarget } from "./sources/range-source.js";

/** The calibration methods; a new one is a file and a line here. */
const METHODS: Readonly<Record<CalibrationMethod, RangeMethod>> = {
  [CalibrationMethod.MIN_MAX]: minMaxRange,
  [CalibrationMethod.PERCENTILE]: percentileRange,
  [CalibrationMethod.MSE]: mseRange,
  [CalibrationMethod.ENTROPY]: entropyRange,
};

/** Scale and zero point of one slice or stream by the given method. */
export function chooseFormat(
  source: RangeSource,
  method: CalibrationMethod,
  target: RangeTarget,
): AffineFormat {
  const { low, high } = METHODS[method](source, target);
  if (target.scheme !== QuantizationScheme.POWER_OF_TWO) return affineFormat(low, high, target);
  // An outlier can push the best clip far below the range; only the mse method goes that far.
  const reach = method === CalibrationMethod.MSE ? 10 : 3;
  return { scale: powerOfTwoScale(source, low, high, target, reach), zeroPoint: 0 };
}
