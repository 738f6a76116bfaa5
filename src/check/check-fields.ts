import { InvalidArgumentError } from "../errors.js";

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
      `${name} is ${describeNonRecord(value)}; allowed: an object with ${allowed.join(", ")}`,
    );
  for (const key of Object.keys(value))
    if (!allowed.includes(key))
      throw new InvalidArgumentError(
        key,
        `${key} is no field of ${name}; allowed: ${allowed.join(", ")}`,
      );
}

/** An object of named fields, of whatever realm and class. */
export function isRecord(value: unknown): value is object {
  return tagOf(value) === "Object";
}

/** What a value that {@link isRecord} refuses is, for a message. */
export function describeNonRecord(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (typeof value === "object" && value !== null) return `of type ${tagOf(value)}`;
  return typeof value === "function" ? "a function" : String(value);
}

const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
