import { decodeFloat16, encodeFloat16 } from "../numeric/float16.js";

/** The least positive normal float16 and the greatest finite one. */
const FLOAT16_RANGE = [2 ** -14, 65504] as const;

/**
 * Scales as a float16 tensor can hold them, rounded half to even; undefined when one of them is
 * below float16's normal range, where it would lose its precision, or above it.
 */
export function float16Scales(scale: Float32Array): Float32Array | undefined {
  const rounded = decodeFloat16(encodeFloat16(scale));
  const [least, greatest] = FLOAT16_RANGE;
  return rounded.every((x) => x >= least && x <= greatest) ? rounded : undefined;
}
