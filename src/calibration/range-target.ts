import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { codeRange } from "../quantization/code-range.js";
import type { IntegerBits } from "../quantization/params.js";
import { QuantizationScheme } from "../quantization/scheme.js";
import type { RangeRequest } from "./observer.js";
import type { RangeTarget } from "./sources/range-source.js";

/** Percentile that the percentile method clips at unless told otherwise. */
export const DEFAULT_PERCENTILE = 99.9;

const SCHEMES: readonly string[] = Object.values(QuantizationScheme);

/**
 * The target of a request, with the request's defaults filled in.
 * @throws InvalidArgumentError naming the field
 */
export function rangeTarget(
  request: RangeRequest,
  percentile: number,
): RangeTarget & { bits: IntegerBits; narrowRange: boolean; reduceRange: boolean } {
  const { bits, scheme, narrowRange = false, reduceRange = false } = request;
  if (!SCHEMES.includes(scheme))
    throw new InvalidArgumentError(
      "scheme",
      `scheme is ${describeValue(scheme)}; allowed: ${SCHEMES.join(", ")}`,
    );
  const signed = request.signed ?? scheme !== QuantizationScheme.ASYMMETRIC;
  return {
    bits,
    signed,
    scheme,
    narrowRange,
    reduceRange,
    percentile,
    ...codeRange({ bits, signed, narrowRange, reduceRange }),
  };
}

/** @throws InvalidArgumentError unless 50 < `percentile` <= 100 */
export function checkPercentile(percentile: number): void {
  if (!(percentile > 50 && percentile <= 100))
    throw new InvalidArgumentError(
      "percentile",
      `percentile is ${describeValue(percentile)}; allowed: above 50 and at most 100`,
    );
}
