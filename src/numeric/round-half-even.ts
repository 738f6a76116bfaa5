/**
 * 1.5 * 2^52: adding it pushes the fraction of a double out, rounding half to even (IEEE 754
 * default mode).
 */
export const ROUNDING_MAGIC = 6755399441055744;

/**
 * The nearest integer, ties to the even one, as ONNX QuantizeLinear and IEEE 754 have it.
 * Any double; NaN and infinity come back as they are, and zero is always +0.
 */
export function roundHalfEven(x: number): number {
  if (x > -2251799813685248 && x < 2251799813685248) return x + ROUNDING_MAGIC - ROUNDING_MAGIC;
  // From 2^51 on only halves are left, from 2^52 on nothing.
  const below = Math.floor(x);
  const rest = x - below;
  if (!(rest >= 0.5)) return Number.isFinite(x) ? below : x;
  return below % 2 === 0 ? below : below + 1;
}
