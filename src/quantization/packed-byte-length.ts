import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { checkBits } from "./code-range.js";
import type { IntegerBits } from "./params.js";

/**
 * Bytes that `count` packed codes take: ceil(count * bits / 8); ternary (1.58) packs five to a
 * byte.
 * @throws InvalidArgumentError when `count` is not an integer from 0 or `bits` is not an
 *   IntegerBits
 */
export function packedByteLength(count: number, bits: IntegerBits): number {
  checkBits(bits);
  if (!Number.isSafeInteger(count) || count < 0)
    throw new InvalidArgumentError(
      "count",
      `count is ${describeValue(count)}; allowed: an integer from 0`,
    );
  return bits === 1.58 ? Math.ceil(count / 5) : Math.ceil((count * bits) / 8);
}
