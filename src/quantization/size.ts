import { packedByteLength } from "./packed-byte-length.js";
import type { IntegerBits } from "./params.js";
import { scaleCount } from "./scale-layout.js";
import { type QuantizationGranularity, QuantizationScheme } from "./scheme.js";

/**
 * Bits that a quantized tensor takes in storage. Each part is rounded up to whole bytes: the packed
 * codes (ternary: five to a byte), a float32 for each scale, and zero points where there are any.
 * Those are one for each scale, packed at the width of a code.
 * @throws InvalidArgumentError when a count is not an integer from 0 or `bits` is not an
 *   IntegerBits
 */
export function quantizedSizeBits(parts: {
  /** Codes. */
  readonly count: number;
  readonly bits: IntegerBits;
  readonly scaleCount: number;
  /** Zero points are stored too. */
  readonly zeroPoint: boolean;
}): number {
  const codes = packedByteLength(parts.count, parts.bits);
  const zeroPoints = parts.zeroPoint ? packedByteLength(parts.scaleCount, parts.bits) : 0;
  return 8 * (codes + 4 * parts.scaleCount + zeroPoints);
}

/**
 * Bytes that a tensor of this shape takes in this format, by {@link quantizedSizeBits}. Scales are
 * stored as float32, powers of two as well; zero points only for asymmetric formats of 2 bits and
 * more.
 * @param shape extents, row-major
 * @throws InvalidArgumentError when the shape, axis, group size or bits are out of range
 */
export function quantizedSizeBytes(
  shape: readonly number[],
  format: {
    readonly bits: IntegerBits;
    readonly scheme: QuantizationScheme;
    readonly granularity: QuantizationGranularity;
    readonly axis: number;
    readonly groupSize: number;
  },
): number {
  const sizeBits = quantizedSizeBits({
    count: shape.reduce((product, extent) => product * extent, 1),
    bits: format.bits,
    scaleCount: scaleCount(shape, format.granularity, format.axis, format.groupSize),
    zeroPoint: format.scheme === QuantizationScheme.ASYMMETRIC && format.bits >= 2,
  });
  return sizeBits / 8;
}
