import { InvalidArgumentError } from "../errors.js";

/** What an argument is, for a message. */
export function describeArgument(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/** @throws InvalidArgumentError unless the value is an array, a typed array or another object with a length */
export function checkList(value: unknown, name: string): asserts value is ArrayLike<unknown> {
  const length = typeof value === "object" ? (value as ArrayLike<unknown> | null)?.length : undefined;
  if (!Number.isInteger(length))
    throw new InvalidArgumentError(name, `${name} is ${describeArgument(value)}; allowed: a list of numbers`);
}

/** @throws InvalidArgumentError for what is no object, or has other fields than `allowed` */
export function checkOptions(options: object, allowed: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new InvalidArgumentError(
      "options",
      `options is ${describeArgument(options)}; allowed: an object with ${allowed.join(", ")}`,
    );
  for (const key of Object.keys(options))
    if (!allowed.includes(key))
      throw new InvalidArgumentError(key, `${key} is no field of options; allowed: ${allowed.join(", ")}`);
}
