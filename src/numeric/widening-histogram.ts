import { requireFinite } from "./find-non-finite.js";
import { mergePairs, widened } from "./histogram-width.js";
import { simdMagnitudeCounts } from "./simd-magnitude-counts.js";
import { valueRange } from "./value-range.js";

/**
 * Counts of values by magnitude and sign in bounded memory. Bins are [i * width, (i + 1) * width)
 * of |x|, one row for each sign; exact zeros are counted apart. `width` is always the least power
 * of two for which the greatest magnitude seen falls into the last bin or an earlier one. Doubling
 * it merges pairs of bins. So the result depends on the multiset of values alone, not on their
 * order or their batches.
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

  /**
   * Counts the values.
   * @param name the tensor's name, for messages
   * @throws InvalidDataError for NaN or infinity, with nothing counted
   */
  add(values: Float32Array, name = "values"): void {
    if (values.length === 0) return;
    const counted = simdMagnitudeCounts(values, name, this.bins, this.width);
    if (counted === undefined) {
      this.#addPlain(values, name);
      return;
    }
    this.#take(values.length, counted.min, counted.max);
    if (this.width > 0) counted.addTo(this.positive, this.negative);
    this.zeros += counted.zeros;
  }

  #addPlain(values: Float32Array, name: string): void {
    const length = values.length;
    requireFinite(values, name);
    const range = valueRange(values);
    this.#take(length, range.min, range.max);
    if (this.width === 0) {
      this.zeros += length;
      return;
    }
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

  /** Notes how many values come and their range, and widens the bins for them. */
  #take(length: number, min: number, max: number): void {
    this.count += length;
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
    const wider = widened(this.width, Math.max(max, -min), this.bins);
    for (let w = this.width; w > 0 && w < wider; w *= 2) {
      mergePairs(this.positive);
      mergePairs(this.negative);
    }
    this.width = wider;
  }
}
