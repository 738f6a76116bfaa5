import { InvalidArgumentError } from "../errors.js";
import { codeRange } from "../quantization/code-range.js";
import type { IntegerBits } from "../quantization/params.js";
import { QuantizationScheme } from "../quantization/scheme.js";
import { CalibrationMethod } from "./method.js";
import type { RangeRequest } from "./observer.js";
import type { RangeTarget } from "./sources/range-source.js";

/** Percentile that the percentile method clips at unless told otherwise. */
export const DEFAULT_PERCENTILE = 99.9;

/**
 * The target that a request means, and whether its range is narrow. @throws InvalidArgumentError
 * naming the field
 */
export function rangeTarget(
  request: RangeRequest,
  percentile: number,
): RangeTarget & { bits: IntegerBits; narrowRange: boolean } {
  const { bits, scheme, narrowRange = false } = request;
  requireOneOf(scheme, Object.values(QuantizationScheme), "scheme");
  const signed = request.signed ?? scheme !== QuantizationScheme.ASYMMETRIC;
  return {
    bits,
    signed,
    scheme,
    narrowRange,
    percentile,
    ...codeRange({ bits, signed, narrowRange }),
  };
}

/** @throws InvalidArgumentError when `method` is not a {@link CalibrationMethod} */
export function checkMethod(method: CalibrationMethod): void {
  requireOneOf(method, Object.values(CalibrationMethod), "method");
}

/** @throws InvalidArgumentError unless 50 < `percentile` <= 100 */
export function checkPercentile(percentile: number): void {
  if (!(percentile > 50 && percentile <= 100))
    throw new InvalidArgumentError(
      "percentile",
      `percentile is ${percentile}; allowed: above 50 and at most 100`,
    );
}

function requireOneOf(value: string, allowed: readonly string[], name: string): void {
  if (!allowed.includes(value))
    throw new InvalidArgumentError(
      name,
      `${name} is ${JSON.stringify(value)}; allowed: ${allowed.join(", ")}`,
    );
}
