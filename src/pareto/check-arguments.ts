import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";

/**
 * @throws InvalidArgumentError unless the value is an array, a typed array or another object with a
 *   length
 */
export function checkList(value: unknown, name: string): asserts value is ArrayLike<unknown> {
  const length =
    typeof value === "object" ? (value as ArrayLike<unknown> | null)?.length : undefined;
  if (!Number.isInteger(length))
    throw new InvalidArgumentError(
      name,
      `${name} is ${describeValue(value)}; allowed: a list of numbers`,
    );
}
