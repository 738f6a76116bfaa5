import type { IntegerBits } from "../quantization/params.js";

/** Bits of a weight: 1 binary, 1.58 ternary, 32 left in float32. */
export type WeightBits = IntegerBits | 32;
/** All {@link WeightBits}, ascending. */
export const WEIGHT_BITS: readonly WeightBits[] = [1, 1.58, 2, 3, 4, 5, 6, 8, 16, 32];

/** Bits of an activation: 32 left in float32. */
export type ActivationBits = 4 | 8 | 16 | 32;
/** All {@link ActivationBits}, ascending. */
export const ACTIVATION_BITS: readonly ActivationBits[] = [4, 8, 16, 32];
