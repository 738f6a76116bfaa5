import { FLOAT32_MAX } from "../../numeric/float32-range.js";
import { ROUNDING_MAGIC } from "../../numeric/round-half-even.js";
import type { WideningHistogram } from "../../numeric/widening-histogram.js";
import type { RangeFormat, RangeSource, SignedHistogram } from "./range-source.js";

/** Points that stand for a bin when the steps of the quantizer are wider than it. */
const POINTS = 4;

/**
 * Estimates of two formats were mostly at most 0.6% off on heavy tails, up to 16 bits. In 5 of
 * 20,000 drawn streams of at most 8,000 values, with outliers, they were 2 to 7% off.
 */
const UNCERTAINTY = 0.01;

/**
 * The data behind a histogram, as if evenly spread within each bin. Extremes and zeros are exact.
 */
export class HistogramSource implements RangeSource {
  readonly min: number;
  readonly max: number;
  /** @param distinct all values with their counts, where they are known exactly */
  constructor(
    readonly data: WideningHistogram,
    readonly distinct?: readonly (readonly [value: number, count: number])[],
  ) {
    this.min = data.min;
    this.max = data.max;
  }

  squaredError(scale: number, zeroPoint: number, qMin: number, qMax: number): number {
    const { positive, negative } = this.data;
    const low = qMin - zeroPoint;
    const high = qMax - zeroPoint;
    if (this.distinct !== undefined) return exactError(this.distinct, scale, low, high);
    // Zeros have no error: 0 is a code of every format.
    return (
      this.#sideError(positive, scale, high, this.max) +
      this.#sideError(negative, scale, -low, -this.min)
    );
  }

  /** Within bins that are much wider than the steps of a quantizer, all may lie near an end. */
  uncertainty(scale: number): number {
    if (this.distinct !== undefined) return 0;
    return POINTS * scale < this.data.width ? 1 : UNCERTAINTY;
  }

  squaredErrors(formats: readonly RangeFormat[], qMin: number, qMax: number): Float64Array {
    return Float64Array.from(formats, (f) => this.squaredError(f.scale, f.zeroPoint, qMin, qMax));
  }

  /**
   * The error of one sign, on magnitudes from 0 to `extreme`, with `steps` steps of the quantizer
   * on that side.
   */
  #sideError(counts: Float64Array, scale: number, steps: number, extreme: number): number {
    const width = this.data.width;
    const reach = steps * scale;
    // The outermost code would come back as infinity.
    if (reach > FLOAT32_MAX && extreme >= reach - scale / 2) return Number.POSITIVE_INFINITY;
    let sum = 0;
    for (let k = 0; k < counts.length; k++) {
      const count = counts[k]!;
      if (count === 0) continue;
      const from = k * width;
      const spread = Math.min(width, extreme - from);
      if (from >= reach) {
        const e = from + spread / 2 - reach;
        sum += count * (e * e + (spread * spread) / 12);
      } else if (spread > scale && from + spread <= reach) {
        // Steps finer than the bin: evenly spread rounding noise.
        sum += (count * scale * scale) / 12;
      } else {
        let points = 0;
        for (let j = 0; j < POINTS; j++) {
          const x = from + (spread * (j + 0.5)) / POINTS;
          const v = Math.min(steps, x / scale);
          const e = x - (v + ROUNDING_MAGIC - ROUNDING_MAGIC) * scale;
          points += e * e;
        }
        sum += (count * points) / POINTS;
      }
    }
    return sum;
  }

  percentile(p: number, ofMagnitude: boolean): number {
    const position = (p / 100) * (this.data.count - 1);
    const k = Math.floor(position);
    const lower = this.#orderStatistic(k, ofMagnitude);
    if (position === k) return lower;
    return lower + (this.#orderStatistic(k + 1, ofMagnitude) - lower) * (position - k);
  }

  /** The k-th smallest value to within a bin. */
  #orderStatistic(k: number, ofMagnitude: boolean): number {
    const { positive, negative, zeros, width, bins, min, max } = this.data;
    let before = 0;
    if (!ofMagnitude) {
      for (let b = bins - 1; b >= 0; b--) {
        const count = negative[b]!;
        if (k < before + count) return Math.max(min, -(b + 1 - (k - before + 0.5) / count) * width);
        before += count;
      }
    }
    if (k < before + zeros) return 0;
    before += zeros;
    const greatest = ofMagnitude ? Math.max(max, -min) : max;
    for (let b = 0; b < bins; b++) {
      const count = positive[b]! + (ofMagnitude ? negative[b]! : 0);
      if (k < before + count) return Math.min(greatest, (b + (k - before + 0.5) / count) * width);
      before += count;
    }
    return greatest;
  }

  histogram(ofMagnitude: boolean): SignedHistogram {
    const { positive, negative, width } = this.data;
    const above = filledBins(positive);
    const below = filledBins(negative);
    if (ofMagnitude) {
      const counts = new Float64Array(Math.max(above, below));
      for (let k = 0; k < counts.length; k++) counts[k] = positive[k]! + negative[k]!;
      return { counts, zeroBin: 0, width };
    }
    const counts = new Float64Array(below + above);
    for (let k = 0; k < below; k++) counts[below - 1 - k] = negative[k]!;
    for (let k = 0; k < above; k++) counts[below + k] = positive[k]!;
    return { counts, zeroBin: below, width };
  }
}

/** As of a slice with these values. */
function exactError(
  distinct: readonly (readonly [value: number, count: number])[],
  scale: number,
  low: number,
  high: number,
): number {
  let sum = 0;
  for (const [x, count] of distinct) {
    const v = Math.max(low, Math.min(high, Math.fround(x / scale)));
    const e = x - Math.fround((v + ROUNDING_MAGIC - ROUNDING_MAGIC) * scale);
    sum += count * e * e;
  }
  return sum;
}

/** One more than the index of the last bin that holds anything. */
function filledBins(counts: Float64Array): number {
  let bins = counts.length;
  while (bins > 0 && counts[bins - 1] === 0) bins--;
  return bins;
}
