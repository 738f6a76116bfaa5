import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { type Codes, INTEGER_BITS, type IntegerBits } from "./params.js";

/** The fields of an integer format that decide which codes there are. */
export interface CodeFormat {
  readonly bits: IntegerBits;
  readonly signed: boolean;
  /** Signed codes leave out the most negative value; default false. Not read for unsigned codes. */
  readonly narrowRange?: boolean | undefined;
  /** Codes of 3 bits or more use one bit fewer than they have; default false. */
  readonly reduceRange?: boolean | undefined;
}

/**
 * The least and greatest code of a format: 4 bits signed is -8..7, narrow -7..7, unsigned 0..15.
 * With a reduced range, 8 bits signed is -64..63, unsigned 0..127. Binary (1) and ternary (1.58)
 * are -1..1; binary has no code 0.
 * @throws InvalidArgumentError when `bits` is not one of 1, 1.58, 2, 3, 4, 5, 6, 8, 16
 */
export function codeRange({ bits, signed, narrowRange, reduceRange }: CodeFormat): {
  qMin: number;
  qMax: number;
} {
  checkBits(bits);
  if (bits < 2) return { qMin: -1, qMax: 1 };
  const used = reduceRange === true && bits > 2 ? bits - 1 : bits;
  if (!signed) return { qMin: 0, qMax: 2 ** used - 1 };
  const qMax = 2 ** (used - 1) - 1;
  return { qMin: narrowRange === true ? -qMax : -qMax - 1, qMax };
}

/** @throws InvalidArgumentError when `bits` is not an {@link IntegerBits} */
export function checkBits(bits: number): asserts bits is IntegerBits {
  if (!INTEGER_BITS.includes(bits as IntegerBits)) {
    throw new InvalidArgumentError(
      "bits",
      `bits is ${describeValue(bits)}; allowed: ${INTEGER_BITS.join(", ")}`,
    );
  }
}

/**
 * A fresh code array of the format: Int8Array for signed up to 8 bits, Uint16Array for unsigned 16,
 * and so on.
 */
export function createCodes({ bits, signed }: CodeFormat, length: number): Codes {
  if (bits <= 8) return signed || bits < 2 ? new Int8Array(length) : new Uint8Array(length);
  return signed ? new Int16Array(length) : new Uint16Array(length);
}
