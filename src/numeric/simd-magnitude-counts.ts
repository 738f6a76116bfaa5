import { instanceFor } from "../simd/simd.js";
import {
  COUNTERS,
  COUNTERS_BYTES,
  type SimdInstance,
  STAGE_IN,
  STAGED_ELEMENTS,
  TABLE_A,
  TABLE_B,
} from "../simd/simd-instance.js";
import { requireFinite } from "./find-non-finite.js";
import { mergePairs, widened } from "./histogram-width.js";

/** Counters cleared and added up for each call must be few against the values. */
const VALUES_PER_BIN = 4;
/** Tables that the kernel counts into by turns, each of both signs. */
const TABLES = 4;
/** Where the kernel counts +0 and -0: behind the least value in the table. */
const ZEROS = TABLE_A + 16;

/**
 * Counts of values by magnitude and sign, as {@link WideningHistogram} keeps them, in the kernels'
 * memory until the next call.
 */
export interface MagnitudeCounts {
  readonly min: number;
  readonly max: number;
  /** Width of the bins; 0 when all values are zeros. */
  readonly width: number;
  readonly zeros: number;
  /** Adds the counts of x > 0 and of x < 0 to bins of the same width. */
  addTo(positive: Float64Array, negative: Float64Array): void;
}

/**
 * Counts in one pass, block by block: a block's range is found and checked, the bins made wider if
 * they must be, and its values counted while they are in the cache.
 * @param width width of the bins to begin with; 0 for none yet
 * @returns undefined when the plain loop must do it
 * @throws InvalidDataError for NaN or infinity
 */
export function simdMagnitudeCounts(
  values: Float32Array,
  name: string,
  bins: number,
  width: number,
): MagnitudeCounts | undefined {
  const tablesLength = 2 * TABLES * bins;
  if (values.length < VALUES_PER_BIN * tablesLength || 4 * tablesLength > COUNTERS_BYTES)
    return undefined;
  const instance = instanceFor(values);
  if (instance === undefined) return undefined;
  const { kernels, f32, u32 } = instance;
  const counters = u32.subarray(COUNTERS >> 2, (COUNTERS >> 2) + tablesLength).fill(0);
  u32.fill(0, ZEROS >> 2, (ZEROS >> 2) + 2);
  f32[TABLE_A >> 2] = Number.POSITIVE_INFINITY;
  f32[TABLE_B >> 2] = Number.NEGATIVE_INFINITY;
  const address = instance.addressOf(values);
  let now = width;
  let skipped = 0;
  for (let start = 0; start < values.length; start += STAGED_ELEMENTS) {
    const length = Math.min(STAGED_ELEMENTS, values.length - start);
    if (address < 0) instance.copyIn(values, 4 * start, 4 * length, STAGE_IN);
    const src = address < 0 ? STAGE_IN : address + 4 * start;
    const bad = kernels.rangeOfRuns(src, length, length, length, 0, 0, 1, TABLE_A, TABLE_B) >>> 0;
    if (bad < length) requireFinite(values, name, start + bad);
    const magnitude = Math.max(f32[TABLE_B >> 2]!, -f32[TABLE_A >> 2]!);
    const wider = widened(now, magnitude, bins);
    for (let w = now; w > 0 && w < wider; w *= 2)
      for (let at = 0; at < tablesLength; at += bins) mergePairs(counters.subarray(at, at + bins));
    now = wider;
    if (now === 0) {
      skipped += length;
      continue;
    }
    const inverse = 1 / now;
    // The inverse, a power of two, must be a float32 as well.
    if (!(inverse < 2 ** 127 && inverse > 2 ** -126)) return undefined;
    kernels.countMagnitudes(src, length, inverse, bins, COUNTERS, ZEROS);
  }
  return {
    min: f32[TABLE_A >> 2]! + 0,
    max: f32[TABLE_B >> 2]! + 0,
    width: now,
    zeros: skipped + u32[ZEROS >> 2]! + u32[(ZEROS >> 2) + 1]!,
    addTo: (positive, negative) => addCounters(instance, counters, bins, positive, negative),
  };
}

function addCounters(
  { u32 }: SimdInstance,
  counters: Uint32Array,
  bins: number,
  positive: Float64Array,
  negative: Float64Array,
): void {
  for (let table = 0; table < counters.length; table += 2 * bins)
    for (let k = 0; k < bins; k++) {
      positive[k]! += counters[table + k]!;
      negative[k]! += counters[table + bins + k]!;
    }
  // The kernel counts zeros into the first bin of their sign as well.
  positive[0]! -= u32[ZEROS >> 2]!;
  negative[0]! -= u32[(ZEROS >> 2) + 1]!;
}
