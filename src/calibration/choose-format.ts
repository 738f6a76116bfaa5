import { EvaluationError } from "../errors.js";
import { QuantizationScheme } from "../quantization/scheme.js";
import { type AffineFormat, affineFormat } from "./affine-format.js";
import type { CalibrationMethodDefinition, ChosenRange } from "./method-definition.js";
import { powerOfTwoScale } from "./power-of-two-scale.js";
import type { RangeSource, RangeTarget } from "./sources/range-source.js";

/**
 * Scale and zero point of one slice or stream by the given method.
 * @throws EvaluationError when the method gives no range; what the method throws
 */
export function chooseFormat(
  source: RangeSource,
  method: CalibrationMethodDefinition,
  target: RangeTarget,
): AffineFormat {
  const range = method.range(source, target);
  checkRange(range, method.name);
  const { low, high } = range;
  if (target.scheme !== QuantizationScheme.POWER_OF_TWO) return affineFormat(low, high, target);
  return { scale: powerOfTwoScale(source, low, high, target, method.reach), zeroPoint: 0 };
}

/** A method may be the user's code. */
function checkRange(range: ChosenRange, name: string): void {
  const { low, high } = range ?? {};
  if (Number.isFinite(low) && Number.isFinite(high) && low <= high) return;
  throw new EvaluationError(
    `calibrationMethod.${name}`,
    `the calibration method ${name} chose the range from ${String(low)} to ${String(high)}; ` +
      "allowed: two finite numbers, the lower one first",
  );
}
