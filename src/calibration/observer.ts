import type { IntegerBits, QuantizationParams } from "../quantization/params.js";
import type { QuantizationScheme } from "../quantization/scheme.js";
import type { CalibrationMethodName } from "./method-definition.js";

/** The integer format that a range is asked for. */
export interface RangeRequest {
  readonly bits: IntegerBits;
  readonly scheme: QuantizationScheme;
  /** Default: true for symmetric and power-of-two, false for asymmetric. */
  readonly signed?: boolean;
  /** Balanced signed range; default false. */
  readonly narrowRange?: boolean;
  /** Codes use one bit fewer than they have: 8 bits are -64..63 or 0..127; default false. */
  readonly reduceRange?: boolean;
  /** Asks an observer for another method than the one it was created with. */
  readonly method?: CalibrationMethodName;
}

/**
 * Watches a tensor batch by batch and gives per-tensor parameters at the end. Memory does not grow
 * with the number of batches. One observation serves every request: ask as often as you like, for
 * any format.
 */
export interface RangeObserver {
  /**
   * Takes one batch in. @throws InvalidDataError on NaN or infinity (names the tensor, the index
   * and the count).
   */
  observe(values: Float32Array): void;
  /** Elements observed so far. */
  readonly count: number;
  /** Least and greatest value observed. @throws InvalidDataError when nothing was observed. */
  extremes(): { min: number; max: number };
  /** Per-tensor parameters for the request. @throws InvalidDataError when nothing was observed. */
  params(request: RangeRequest): QuantizationParams;
}
