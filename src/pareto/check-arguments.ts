import { InvalidArgumentError } from "../errors.js";

/** What an argument is, for a message. */
export function describeArgument(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "a list" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}

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
      `${name} is ${describeArgument(value)}; allowed: a list of numbers`,
    );
}
