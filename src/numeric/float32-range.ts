/** The greatest finite float32. */
export const FLOAT32_MAX = 3.4028234663852886e38;
/** The least positive normal float32, 2^-126. */
export const FLOAT32_MIN_NORMAL = 2 ** -126;

const word = new Float32Array(1);
const wordBits = new Int32Array(word.buffer);

/** The next float32 below a positive float32. */
export function float32Below(value: number): number {
  word[0] = value;
  wordBits[0]!--;
  return word[0]!;
}

/** True for 2^n that float32 holds exactly, denormal ones from 2^-149 included. */
export function isPowerOfTwo(value: number): boolean {
  word[0] = value;
  const bits = wordBits[0]!;
  // A normal number's only other bits are its exponent; a denormal one's are the bits of n.
  const rest = bits < 0x800000 ? bits & (bits - 1) : bits & 0x7fffff;
  return word[0] === value && bits > 0 && bits < 0x7f800000 && rest === 0;
}
