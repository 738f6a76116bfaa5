import { InvalidDataError } from "../errors.js";

/** Where a tensor holds NaN or infinity. */
export interface NonFinite {
  /** Index of the first one. */
  readonly index: number;
  /** How many there are. */
  readonly count: number;
}

/** The first NaN or infinity and how many there are, or undefined when all values are finite. */
export function findNonFinite(values: Float32Array | Float64Array): NonFinite | undefined {
  // x - x is 0 for finite x, else NaN. Four sums, because one would wait for each addition.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const length = values.length;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += values[i]! - values[i]!;
    b += values[i + 1]! - values[i + 1]!;
    c += values[i + 2]! - values[i + 2]!;
    d += values[i + 3]! - values[i + 3]!;
  }
  for (; i < length; i++) a += values[i]! - values[i]!;
  if (a + b + c + d === 0) return undefined;
  let index = -1;
  let count = 0;
  for (let k = 0; k < length; k++) {
    if (Number.isFinite(values[k]!)) continue;
    if (count++ === 0) index = k;
  }
  return { index, count };
}

/**
 * Refuses NaN and infinity.
 * @param name the tensor's or argument's name, for the message
 * @throws InvalidDataError with the name, the first index and the count
 */
export function requireFinite(values: Float32Array | Float64Array, name: string): void {
  const found = findNonFinite(values);
  if (found === undefined) return;
  const message = `${name} holds ${found.count} NaN or infinite values, the first (${values[found.index]}) at index ${found.index}; allowed: finite values`;
  throw new InvalidDataError(name, message);
}
