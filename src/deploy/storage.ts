import type { IntegerBits } from "../quantization/index.js";

/** A type of floats that a file may hold. */
export type FloatType = "float32" | "float16" | "bfloat16" | "float64";

/** The integers that codes are stored in: as wide as the codes, or wider. */
export interface CodeStorage {
  /** Bits of a stored integer. */
  readonly bits: IntegerBits;
  readonly signed: boolean;
}

/** The widths of integers that a format has, ascending. */
export interface CodeWidths {
  readonly weights: readonly IntegerBits[];
  readonly activations: readonly IntegerBits[];
}

/**
 * The narrowest integers of a format that hold codes.
 * @param widths of the format, ascending; one of them at least is as wide as the codes
 */
export function codeStorage(
  bits: IntegerBits,
  signed: boolean,
  widths: readonly IntegerBits[],
): CodeStorage {
  return { bits: widths.find((width) => width >= bits) ?? widths.at(-1)!, signed };
}
