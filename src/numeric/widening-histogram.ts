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
    let min = this.min;
    let max = this.max;
    for (let i = 0; i < length; i++) {
      const x = values[i]!;
      if (x < min) min = x;
      if (x > max) max = x;
    }
    // -0 becomes 0, or the order of equal zeros would show.
    this.min = min + 0;
    this.max = max + 0;
    this.count += length;
    this.#widen(Math.max(max, -min));
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
