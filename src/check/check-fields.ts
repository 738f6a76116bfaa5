import { InvalidArgumentError } from "../errors.js";
import { describeValue } from "./describe-value.js";
import { didYouMean } from "./did-you-mean.js";

export { describeValue as describeNonRecord } from "./describe-value.js";

/**
 * Checks that `value` is an object of named fields (not null, a list, a Map, a Date) and has no
 * others than `allowed`.
 * @throws InvalidArgumentError whose path is `name` when it is no such object, else the unknown
 *   field
 */
export function checkFields(value: unknown, name: string, allowed: readonly string[]): void {
  if (!isRecord(value))
    throw new InvalidArgumentError(
      name,
      `${name} is ${describeValue(value)}; allowed: an object with ${allowed.join(", ")}`,
    );
  for (const key of Object.keys(value))
    if (!allowed.includes(key))
      throw new InvalidArgumentError(
        key,
        `${key} is no field of ${name}${didYouMean(key, allowed)}; allowed: ${allowed.join(", ")}`,
      );
}

/** An object of named fields, of whatever realm and class. */
export function isRecord(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Object]";
}
