import type { QuantizationGranularity, QuantizationScheme } from "./scheme.js";

/**
 * Bit-widths that integer codes come in. 1 is binary (codes -1 and +1), 1.58 ternary (codes -1, 0,
 * +1); the others are two's complement (signed) or plain binary (unsigned) integers of that width.
 */
export type IntegerBits = 1 | 1.58 | 2 | 3 | 4 | 5 | 6 | 8 | 16;

/** All {@link IntegerBits}, ascending. */
export const INTEGER_BITS: readonly IntegerBits[] = [1, 1.58, 2, 3, 4, 5, 6, 8, 16];

/**
 * Integer codes, one per element, unpacked. Signed codes up to 8 bits are an Int8Array, and so on.
 */
export type Codes = Int8Array | Int16Array | Uint8Array | Uint16Array;

/**
 * An affine integer format for one tensor: `x = (code - zeroPoint) * scale`, as ONNX
 * DequantizeLinear has it (https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html). Scales are
 * positive float32.
 */
export interface QuantizationParams {
  /** Width of a code. */
  readonly bits: IntegerBits;
  /** Two's complement codes when true, else codes from 0. Binary and ternary are always signed. */
  readonly signed: boolean;
  /** Signed codes leave out the most negative value, so the range is balanced; default false. */
  readonly narrowRange?: boolean;
  /** Codes of 3 bits or more use one bit fewer than they have (8 bits: -64..63); default false. */
  readonly reduceRange?: boolean;
  readonly scheme: QuantizationScheme;
  readonly granularity: QuantizationGranularity;
  /** Shape of the tensor, row-major. */
  readonly shape: readonly number[];
  /** The channel axis (per-channel) or the blocked axis (per-group); not read for per-tensor. */
  readonly axis: number;
  /** Elements in a block along `axis`; the last block may be shorter. 0 if unused. */
  readonly groupSize: number;
  /**
   * One entry per tensor, per index of `axis`, or per block (row-major over the scale's shape:
   * `shape` with `axis` replaced by the number of blocks).
   */
  readonly scale: Float32Array;
  /** Same length as `scale`; all 0 unless the scheme is asymmetric. */
  readonly zeroPoint: Int32Array;
}
