import { InvalidDataError } from "../errors.js";
import { instanceFor } from "../simd/simd.js";
import { STAGE_IN, STAGED_ELEMENTS } from "../simd/simd-instance.js";

/** Below this, staging costs more than it gains. */
const FEWEST = 256;

/** Where a tensor holds NaN or infinity. */
export interface NonFinite {
  /** Index of the first one. */
  readonly index: number;
  /** How many there are. */
  readonly count: number;
}

/**
 * The first NaN or infinity and how many there are, or undefined when all values are finite.
 * @param from known to be finite: the values before this index
 */
export function findNonFinite(
  values: Float32Array | Float64Array,
  from = 0,
): NonFinite | undefined {
  if (from === 0 && allFiniteSimd(values)) return undefined;
  // x - x is 0 for finite x, else NaN. Four sums, because one would wait for each addition.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const length = values.length;
  let i = from;
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
  for (let k = from; k < length; k++) {
    if (Number.isFinite(values[k]!)) continue;
    if (count++ === 0) index = k;
  }
  return { index, count };
}

/**
 * Refuses NaN and infinity.
 * @param name the tensor's or argument's name, for the message
 * @param from known to be finite: the values before this index
 * @throws InvalidDataError with the name, the first index and the count
 */
export function requireFinite(values: Float32Array | Float64Array, name: string, from = 0): void {
  const found = findNonFinite(values, from);
  if (found === undefined) return;
  const message =
    `${name} holds ${found.count} NaN or infinite values, the first (${values[found.index]}) ` +
    `at index ${found.index}; allowed: finite values`;
  throw new InvalidDataError(name, message);
}

/**
 * True when SIMD found all of the values finite; false when they are not, or where there is no SIMD
 * for them.
 */
function allFiniteSimd(values: Float32Array | Float64Array): boolean {
  if (values.length < FEWEST || !(values instanceof Float32Array)) return false;
  const instance = instanceFor(values);
  if (instance === undefined) return false;
  const { kernels } = instance;
  const address = instance.addressOf(values);
  if (address >= 0) return kernels.findNonFinite(address, values.length) === -1;
  for (let start = 0; start < values.length; start += STAGED_ELEMENTS) {
    const length = Math.min(STAGED_ELEMENTS, values.length - start);
    instance.copyIn(values, 4 * start, 4 * length, STAGE_IN);
    if (kernels.findNonFinite(STAGE_IN, length) !== -1) return false;
  }
  return true;
}
