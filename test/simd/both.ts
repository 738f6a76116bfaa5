import { expect } from "vitest";
import { QuantevoError } from "../../src/errors.js";
import { setSimdEnabled } from "../../src/simd/simd.js";

/** Bytes, numbers and errors as comparable text and bytes: bit equality, -0 and NaN included. */
function canonical(value: unknown): unknown {
  if (ArrayBuffer.isView(value))
    return [
      value.constructor.name,
      Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1"),
    ];
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return value.map(canonical);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, canonical(entry)]));
  return value;
}

function outcome(run: () => unknown): unknown {
  try {
    return canonical(run());
  } catch (error) {
    // Anything but a typed error is a trap.
    if (!(error instanceof QuantevoError)) throw error;
    return [error.name, error.path, error.message];
  }
}

/**
 * Runs a kernel plainly and with SIMD and asserts that both do the same, bit for bit, errors
 * included. Returns whether it threw.
 */
export function expectSame(plain: () => unknown, simd: () => unknown = plain): void {
  setSimdEnabled(false);
  let expected: unknown;
  try {
    expected = outcome(plain);
  } finally {
    setSimdEnabled(true);
  }
  const found = outcome(simd);
  if (JSON.stringify(found) !== JSON.stringify(expected)) expect(found).toEqual(expected);
}
