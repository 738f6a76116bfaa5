import { InvalidArgumentError } from "../errors.js";
import { roundHalfEven } from "./round-half-even.js";

const scratch = new DataView(new ArrayBuffer(8));

/**
 * The IEEE 754 binary16 bits (0..65535) of a number, rounded once from the double, half to even,
 * subnormals included. From 65520 on it is infinity; NaN is 0x7e00.
 */
export function toFloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  // A subnormal that rounds up to 1024 becomes the first normal number by itself.
  if (magnitude < 2 ** -14) return sign | roundHalfEven(magnitude * 2 ** 24);
  scratch.setFloat64(0, magnitude);
  const exponent = (scratch.getUint16(0) >> 4) - 1023;
  return sign | (((exponent + 14) << 10) + roundHalfEven(magnitude * 2 ** (10 - exponent)));
}

/** The value of IEEE 754 binary16 bits; exact. */
export function fromFloat16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The value of bfloat16 bits, the upper half of a float32; exact. */
export function fromBfloat16Bits(bits: number): number {
  scratch.setUint32(0, (bits & 0xffff) << 16);
  return scratch.getFloat32(0);
}

/**
 * {@link toFloat16Bits} of every element. @throws InvalidArgumentError when `out` has another
 * length
 */
export function encodeFloat16(
  values: Float32Array,
  out: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  requireLength(out, values.length);
  for (let i = 0; i < values.length; i++) out[i] = toFloat16Bits(values[i]!);
  return out;
}

/**
 * {@link fromFloat16Bits} of every element. @throws InvalidArgumentError when `out` has another
 * length
 */
export function decodeFloat16(
  bits: Uint16Array,
  out: Float32Array = new Float32Array(bits.length),
): Float32Array {
  requireLength(out, bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = fromFloat16Bits(bits[i]!);
  return out;
}

function requireLength(out: ArrayLike<number>, length: number): void {
  if (out.length !== length)
    throw new InvalidArgumentError(
      "out",
      `out has ${out.length} elements; allowed: exactly ${length}`,
    );
}
