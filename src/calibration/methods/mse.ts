import { QuantizationScheme } from "../../quantization/scheme.js";
import { affineFormat } from "../affine-format.js";
import { CalibrationMethod } from "../method.js";
import type { CalibrationMethodDefinition, ChosenRange } from "../method-definition.js";
import type { RangeSource, RangeTarget } from "../sources/range-source.js";

const GRID = 100;
const FINE = 10;

/**
 * The clipping range with the least squared error of the actual quantizer. It first tries the whole
 * range times 100/100, 99/100, ... 1/100. Around the best of these it tries steps of a tenth of
 * that grid, and then of a tenth of those. When the format is asymmetric, it moves one end at a
 * time. The whole range is a candidate and the error only falls from one step to the next, so the
 * result is never worse than min-max where all values are known: of an array, and of a stream of at
 * most 256 different values. Of other streams errors are estimates. It is a local optimum, not
 * proven global.
 */
export const mseMethod: CalibrationMethodDefinition = {
  name: CalibrationMethod.MSE,
  code: 2,
  // An outlier can push the best clip far below the range.
  reach: 10,
  range: mseRange,
};

function mseRange(source: RangeSource, target: RangeTarget): ChosenRange {
  const whole = { low: source.min, high: source.max };
  if (!(source.max > 0 || source.min < 0)) return whole;
  // The power-of-two search tries the exponents itself.
  if (target.scheme === QuantizationScheme.POWER_OF_TWO) return whole;
  if (target.scheme === QuantizationScheme.SYMMETRIC) {
    const clip = target.signed ? Math.max(source.max, -source.min) : Math.max(source.max, 0);
    const search = new RangeSearch(source, target, target.signed ? -clip : 0, clip);
    search.shrink();
    for (const step of [1 / (GRID * FINE), 1 / (GRID * FINE * FINE)])
      search.refine(step, true, true);
    return search.range();
  }
  const search = new RangeSearch(source, target, Math.min(source.min, 0), Math.max(source.max, 0));
  search.shrink();
  for (const step of [1 / 20, 1 / GRID, 1 / (GRID * FINE)]) {
    search.refine(step, true, false);
    search.refine(step, false, true);
  }
  return search.range();
}

/** Two ends as fractions of the whole range's. */
interface Parts {
  readonly low: number;
  readonly high: number;
}

/** The best pair of ends so far, each as a fraction of the whole range's end. */
class RangeSearch {
  #lowPart = 1;
  #highPart = 1;
  #error: number;

  constructor(
    readonly source: RangeSource,
    readonly target: RangeTarget,
    readonly low: number,
    readonly high: number,
  ) {
    const { scale, zeroPoint } = affineFormat(low, high, target);
    // What an estimate cannot tell from the whole range is not better than it.
    this.#error =
      source.squaredError(scale, zeroPoint, target.qMin, target.qMax) *
      (1 - (source.uncertainty?.(scale) ?? 0));
  }

  range(): { low: number; high: number } {
    return { low: this.low * this.#lowPart, high: this.high * this.#highPart };
  }

  /** Both ends together, down to a hundredth. */
  shrink(): void {
    const parts: Parts[] = [];
    for (let i = GRID - 1; i >= 1; i--) parts.push({ low: i / GRID, high: i / GRID });
    this.#tryAll(parts);
  }

  /** Ten steps to either side of the best; an end that is not moved, or is 0, stays. */
  refine(step: number, moveLow: boolean, moveHigh: boolean): void {
    if ((moveLow ? this.low : 0) === 0 && (moveHigh ? this.high : 0) === 0) return;
    const lowPart = this.#lowPart;
    const highPart = this.#highPart;
    const parts: Parts[] = [];
    for (let i = FINE; i >= -FINE; i--) {
      if (i === 0) continue;
      const low = lowPart + (moveLow ? i * step : 0);
      const high = highPart + (moveHigh ? i * step : 0);
      if (low >= 0 && high >= 0 && low <= 1 && high <= 1 && low + high !== 0)
        parts.push({ low, high });
    }
    this.#tryAll(parts);
  }

  /** Takes the first of those with the least error, if it is less than the best so far. */
  #tryAll(parts: readonly Parts[]): void {
    const { source, target } = this;
    const formats = parts.map(({ low, high }) =>
      affineFormat(this.low * low, this.high * high, target),
    );
    const errors = source.squaredErrors(formats, target.qMin, target.qMax, this.#error);
    for (let i = 0; i < errors.length; i++) {
      if (!(errors[i]! < this.#error)) continue;
      this.#error = errors[i]!;
      this.#lowPart = parts[i]!.low;
      this.#highPart = parts[i]!.high;
    }
  }
}
