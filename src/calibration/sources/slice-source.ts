import { percentile } from "../../numeric/percentile.js";
import { ROUNDING_MAGIC } from "../../numeric/round-half-even.js";
import { valueRange } from "../../numeric/value-range.js";
import type { RangeFormat, RangeSource, SignedHistogram } from "./range-source.js";
import { simdSquaredErrors } from "./simd-squared-errors.js";

const BINS = 2048;

/**
 * All values of one slice, in memory. Reused from slice to slice: {@link SliceSource.load} points
 * it at the next.
 */
export class SliceSource implements RangeSource {
  min = 0;
  max = 0;
  #values: Float32Array = new Float32Array(0);
  #scratch: Float32Array = new Float32Array(0);

  readonly #counts = new Float64Array(BINS);

  /** @param values one finite value or more; kept, not copied */
  load(values: Float32Array): void {
    this.#values = values;
    const { min, max } = valueRange(values);
    this.min = min;
    this.max = max;
  }

  squaredError(scale: number, zeroPoint: number, qMin: number, qMax: number): number {
    const values = this.#values;
    const low = qMin - zeroPoint;
    const high = qMax - zeroPoint;
    let sum = 0;
    const magic = ROUNDING_MAGIC; // a local: an import is loaded anew each time
    for (let i = 0; i < values.length; i++) {
      const x = values[i]!;
      const v = Math.max(low, Math.min(high, Math.fround(x / scale)));
      const e = x - Math.fround((v + magic - magic) * scale);
      sum += e * e;
    }
    return sum;
  }

  squaredErrors(
    formats: readonly RangeFormat[],
    qMin: number,
    qMax: number,
    bound: number,
  ): Float64Array {
    return (
      simdSquaredErrors(this.#values, formats, qMin, qMax, bound) ??
      Float64Array.from(formats, (f) => this.squaredError(f.scale, f.zeroPoint, qMin, qMax))
    );
  }

  percentile(p: number, ofMagnitude: boolean): number {
    const values = this.#values;
    const length = values.length;
    if (this.#scratch.length < length) this.#scratch = new Float32Array(length);
    const copy = this.#scratch.subarray(0, length);
    if (ofMagnitude) for (let i = 0; i < length; i++) copy[i] = Math.abs(values[i]!);
    else copy.set(values);
    return percentile(copy, p);
  }

  histogram(ofMagnitude: boolean): SignedHistogram {
    const values = this.#values;
    const low = ofMagnitude ? 0 : Math.min(this.min, 0);
    const high = ofMagnitude ? Math.max(this.max, -this.min) : Math.max(this.max, 0);
    // One bin less where both signs occur, so that 0 can be moved onto an edge.
    const width = (high - low) / (low < 0 && high > 0 ? BINS - 1 : BINS);
    const zeroBin = Math.min(BINS, Math.ceil(-low / width));
    const counts = this.#counts.fill(0);
    for (let i = 0; i < values.length; i++) {
      const x = ofMagnitude ? Math.abs(values[i]!) : values[i]!;
      if (x === 0) continue;
      const k = zeroBin + (x < 0 ? -Math.floor(-x / width) - 1 : Math.floor(x / width));
      counts[k < 0 ? 0 : k >= BINS ? BINS - 1 : k]!++;
    }
    return { counts, zeroBin, width };
  }
}
