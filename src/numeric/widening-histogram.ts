import { instanceFor } from "../simd/simd.js";
import { COUNTERS, COUNTERS_BYTES, STAGE_IN, STAGED_ELEMENTS, TABLE_A } from "../simd/simd-instance.js";
import { valueRange } from "./value-range.js";

/** Counters cleared and added up for each call must be few against the values. */
const VALUES_PER_BIN = 4;

/**
 * Counts of values by magnitude and sign in bounded memory. Bins are [i * width, (i + 1) * width) of |x|, one
 * row for each sign; exact zeros are counted apart. `width` is always the least power of two for which
 * the greatest magnitude seen falls into the last bin or an earlier one, and doubling it merges pairs of bins: the result
 * depends on the multiset of values alone, not on their order or how they were split into batches.
 */
export class WideningHistogram {
  /** Counts of x > 0, by |x|. */
  readonly positive: Float64Array;
  /** Counts of x < 0, by |x|. */
  readonly negative: Float64Array;
  /** Exact zeros. */
  zeros = 0;
  /** All values counted. */
  count = 0;
  /** Least value seen; Infinity before the first. */
  min = Number.POSITIVE_INFINITY;
  /** Greatest value seen; -Infinity before the first. */
  max = Number.NEGATIVE_INFINITY;
  /** Width of a bin, a power of two; 0 until a value other than 0 is seen. */
  width = 0;

  /** @param bins bins for each sign, an even integer from 2 */
  constructor(readonly bins: number) {
    this.positive = new Float64Array(bins);
    this.negative = new Float64Array(bins);
  }

  /** Counts the values; all of them finite. */
  add(values: Float32Array): void {
    const length = values.length;
    if (length === 0) return;
    const range = valueRange(values);
    const min = Math.min(this.min, range.min);
    const max = Math.max(this.max, range.max);
    this.min = min;
    this.max = max;
    this.count += length;
    this.#widen(Math.max(max, -min));
    if (this.width === 0) {
      this.zeros += length;
      return;
    }
    if (this.#addSimd(values)) return;
    // Exact, for the width is a power of two.
    const width = this.width;
    const { positive, negative } = this;
    let zeros = 0;
    for (let i = 0; i < length; i++) {
      const x = values[i]!;
      if (x > 0) positive[Math.floor(x / width)]!++;
      else if (x < 0) negative[Math.floor(-x / width)]!++;
      else zeros++;
    }
    this.zeros += zeros;
  }

  /** Counts with SIMD; false where the plain loop must do it. */
  #addSimd(values: Float32Array): boolean {
    const { bins, positive, negative } = this;
    const inverse = 1 / this.width;
    if (values.length < VALUES_PER_BIN * 8 * bins || 32 * bins > COUNTERS_BYTES) return false;
    // The inverse, a power of two, must be a float32 as well.
    if (!(inverse < 2 ** 127 && inverse > 2 ** -126)) return false;
    const instance = instanceFor(values);
    if (instance === undefined) return false;
    const { kernels, u32 } = instance;
    const from = COUNTERS >> 2;
    u32.fill(0, from, from + 8 * bins);
    u32.fill(0, TABLE_A >> 2, (TABLE_A >> 2) + 2);
    const address = instance.addressOf(values);
    if (address >= 0) kernels.countMagnitudes(address, values.length, inverse, bins, COUNTERS, TABLE_A);
    else
      for (let start = 0; start < values.length; start += STAGED_ELEMENTS) {
        const length = Math.min(STAGED_ELEMENTS, values.length - start);
        instance.copyIn(values, 4 * start, 4 * length, STAGE_IN);
        kernels.countMagnitudes(STAGE_IN, length, inverse, bins, COUNTERS, TABLE_A);
      }
    for (let k = 0; k < bins; k++) {
      for (let table = from + k; table < from + 8 * bins; table += 2 * bins) {
        positive[k]! += u32[table]!;
        negative[k]! += u32[table + bins]!;
      }
    }
    const plusZeros = u32[TABLE_A >> 2]!;
    const minusZeros = u32[(TABLE_A >> 2) + 1]!;
    positive[0]! -= plusZeros;
    negative[0]! -= minusZeros;
    this.zeros += plusZeros + minusZeros;
    return true;
  }

  #widen(magnitude: number): void {
    if (magnitude === 0) return;
    if (this.width === 0) {
      let width = 2 ** Math.floor(Math.log2(magnitude / this.bins));
      while (magnitude >= width * this.bins) width *= 2;
      while (magnitude < (width / 2) * this.bins) width /= 2;
      this.width = width;
      return;
    }
    while (magnitude >= this.width * this.bins) {
      mergePairs(this.positive);
      mergePairs(this.negative);
      this.width *= 2;
    }
  }
}

function mergePairs(counts: Float64Array): void {
  const half = counts.length / 2;
  for (let i = 0; i < half; i++) counts[i] = counts[2 * i]! + counts[2 * i + 1]!;
  counts.fill(0, half);
}
