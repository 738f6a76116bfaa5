import { InvalidArgumentError } from "../errors.js";
import { requireFinite } from "../numeric/find-non-finite.js";
import { requireInstance } from "./check-params.js";

/** How far a reconstruction is from the values. */
export interface QuantizationError {
  /** Mean squared error. */
  readonly mse: number;
  /** Signal-to-quantization-noise ratio in dB, see {@link sqnrDb}. */
  readonly sqnrDb: number;
  /** Greatest absolute error. */
  readonly maxAbs: number;
  /** Cosine similarity, -1..1. 1 when both are all zero, 0 when one is. */
  readonly cosine: number;
}

/**
 * Error measures of a reconstruction, in double precision.
 * @throws InvalidArgumentError when the arrays are empty or differ in length; InvalidDataError for
 *   NaN or infinity
 * @example
 * ```ts
 * import { calibrate, fakeQuantize, quantizationError } from "quantevo";
 *
 * const values = Float32Array.from({ length: 100 }, (_, i) => Math.sin(i));
 * const params = calibrate(values, { bits: 8, scheme: "symmetric", method: "min-max" });
 * quantizationError(values, fakeQuantize(values, params)).sqnrDb; // about 50
 * ```
 */
export function quantizationError(
  values: Float32Array,
  reconstructed: Float32Array,
): QuantizationError {
  requireInstance(values, Float32Array, "values");
  requireInstance(reconstructed, Float32Array, "reconstructed", values.length);
  if (values.length === 0)
    throw new InvalidArgumentError("values", "values is empty; allowed: 1 element or more");
  requireFinite(values, "values");
  requireFinite(reconstructed, "reconstructed");
  let signal = 0;
  let other = 0;
  let cross = 0;
  let noise = 0;
  let maxAbs = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    const y = reconstructed[i]!;
    const e = x - y;
    signal += x * x;
    other += y * y;
    cross += x * y;
    noise += e * e;
    const a = Math.abs(e);
    if (a > maxAbs) maxAbs = a;
  }
  return {
    mse: noise / values.length,
    sqnrDb: sqnrDb(signal, noise),
    maxAbs,
    cosine: cosine(signal, other, cross),
  };
}

/**
 * The signal-to-quantization-noise ratio 10 log10(signal / noise) in dB of sums of squares:
 * Infinity without noise, -Infinity when only the signal is 0.
 */
export function sqnrDb(signal: number, noise: number): number {
  return noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
}

function cosine(signal: number, other: number, cross: number): number {
  if (signal === 0 || other === 0) return signal === other ? 1 : 0;
  return Math.max(-1, Math.min(1, cross / (Math.sqrt(signal) * Math.sqrt(other))));
}
