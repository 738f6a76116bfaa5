import { instanceFor } from "../../simd/simd.js";
import {
  COUNTERS,
  type SimdInstance,
  STAGE_IN,
  STAGED_ELEMENTS,
} from "../../simd/simd-instance.js";
import type { RangeFormat } from "./range-source.js";

/** Formats that the kernel takes at a time, and the bytes of their table and of their sums. */
const BATCH = 8;
const FORMAT_BYTES = 96;
const SUM_BYTES = 64;
const SUMS = COUNTERS + 0x1_0000;
/** So many fit into the tables, far more than any search asks for. */
const MOST_FORMATS = 4096;

/**
 * The squared errors of RangeSource.squaredErrors by SIMD, or undefined where there is none. Eight
 * formats, spread evenly over all of them, are summed up first; the others are left as soon as they
 * are above the least of those.
 */
export function simdSquaredErrors(
  values: Float32Array,
  formats: readonly RangeFormat[],
  qMin: number,
  qMax: number,
  bound: number,
): Float64Array | undefined {
  const count = formats.length;
  if (count === 0 || count > MOST_FORMATS) return undefined;
  const instance = instanceFor(values);
  if (instance === undefined) return undefined;
  const order = spreadFirst(count);
  const batches = Math.ceil(count / BATCH);
  const { f32, f64 } = instance;
  for (let i = 0; i < batches * BATCH; i++) {
    // The last batch is filled up with its last format.
    const { scale, zeroPoint } = formats[order[Math.min(i, count - 1)]!]!;
    const at = ((COUNTERS + (i >> 3) * FORMAT_BYTES) >> 2) + (i & 7);
    f32[at] = scale;
    f32[at + BATCH] = qMin - zeroPoint;
    f32[at + 2 * BATCH] = qMax - zeroPoint;
  }
  const sums = SUMS >> 3;
  f64.fill(0, sums, sums + batches * BATCH);
  const active = Array.from({ length: batches }, (_, b) => b);
  const least = addBatches(instance, values, active.splice(0, 1), bound);
  addBatches(instance, values, active, least);
  const errors = new Float64Array(count);
  for (let i = 0; i < count; i++) errors[order[i]!] = f64[sums + i]!;
  return errors;
}

/**
 * Sums up the batches over all values; drops a batch once all its sums are above the bound.
 * @returns the least of the bound and the complete sums
 */
function addBatches(
  instance: SimdInstance,
  values: Float32Array,
  batches: readonly number[],
  bound: number,
): number {
  const { kernels, f64 } = instance;
  const address = instance.addressOf(values);
  const most = address >= 0 ? values.length : STAGED_ELEMENTS;
  let active = batches;
  let least = bound;
  for (let start = 0; start < values.length && active.length > 0; start += most) {
    const length = Math.min(most, values.length - start);
    if (address < 0) instance.copyIn(values, 4 * start, 4 * length, STAGE_IN);
    const src = address < 0 ? STAGE_IN : address;
    const last = start + length === values.length;
    active = active.filter((b) => {
      const sums = SUMS + b * SUM_BYTES;
      const taken =
        kernels.squaredErrors(src, length, COUNTERS + b * FORMAT_BYTES, sums, least) >>> 0;
      let smallest = Number.POSITIVE_INFINITY;
      for (let i = sums >> 3; i < (sums >> 3) + BATCH; i++) smallest = Math.min(smallest, f64[i]!);
      if (last && taken === length) least = Math.min(least, smallest);
      return smallest <= least;
    });
  }
  return least;
}

/** For each count asked for: its numbers, eight evenly spread ones first, the others ascending. */
const orders = new Map<number, readonly number[]>();

function spreadFirst(count: number): readonly number[] {
  let order = orders.get(count);
  if (order === undefined) {
    const first = new Set<number>();
    for (let i = 0; i < BATCH; i++) first.add(Math.floor(((i + 0.5) * count) / BATCH));
    order = [...first, ...Array.from({ length: count }, (_, i) => i).filter((i) => !first.has(i))];
    orders.set(count, order);
  }
  return order;
}
