import { describeValue } from "../check/describe-value.js";
import { sameValue } from "./same-value.js";

/** @throws Error with the message unless the condition holds */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** @throws Error unless the two are equal in structure ({@link sameValue}) */
export function assertSame(actual: unknown, expected: unknown, what: string): void {
  assert(sameValue(actual, expected), `${what} is ${shown(actual)}; expected: ${shown(expected)}`);
}

/** @throws Error unless the number is finite and from `least` to `most` */
export function assertWithin(value: number, least: number, most: number, what: string): void {
  assert(
    Number.isFinite(value) && value >= least && value <= most,
    `${what} is ${describeValue(value)}; expected: a finite number from ${least} to ${most}`,
  );
}

/**
 * Runs what has to fail, at once or by a rejected promise.
 * @returns what it threw
 * @throws Error when it does not fail
 */
export async function thrownBy(run: () => unknown, what: string): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error(`${what} did not throw`);
}

/** A value as JSON, cut short; of Maps and typed arrays their contents. */
function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof Map) return Object.fromEntries(part);
    if (ArrayBuffer.isView(part)) return Array.from(part as Float32Array);
    return typeof part === "number" && !Number.isFinite(part) ? String(part) : part;
  });
  if (text === undefined) return describeValue(value);
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
