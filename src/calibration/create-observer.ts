import { InvalidArgumentError, InvalidDataError, UnsupportedError } from "../errors.js";
import { WideningHistogram } from "../numeric/widening-histogram.js";
import { requireInstance } from "../quantization/check-params.js";
import type { QuantizationParams } from "../quantization/params.js";
import { QuantizationGranularity } from "../quantization/scheme.js";
import { chooseFormat } from "./choose-format.js";
import type { CalibrationMethod } from "./method.js";
import type { RangeObserver, RangeRequest } from "./observer.js";
import { checkMethod, checkPercentile, DEFAULT_PERCENTILE, rangeTarget } from "./range-target.js";
import { HistogramSource } from "./sources/histogram-source.js";

/** Options of {@link createObserver}. */
export interface ObserverOptions {
  /** Bins for each sign, an even integer from 128 to 65536; default 2048. */
  readonly bins?: number;
  /** For the percentile method: above 50, at most 100; default 99.9. */
  readonly percentile?: number;
  /** The tensor's name, for messages; default "values". */
  readonly name?: string;
}

/**
 * An observer that calibrates a stream by the given method. It keeps a histogram of fixed size (and
 * exact extremes), so memory does not grow, and what it gives depends only on the values seen, not
 * on their order or their batches. Against calibrating the whole array at once, clips differ by
 * about a bin, which is at most absmax / (bins / 2); min-max is exact.
 * @throws InvalidArgumentError for an unknown method or an option out of range
 */
export function createObserver(
  method: CalibrationMethod,
  options: ObserverOptions = {},
): RangeObserver {
  return new HistogramObserver(method, options);
}

class HistogramObserver implements RangeObserver {
  readonly #method: CalibrationMethod;
  readonly #percentile: number;
  readonly #name: string;
  readonly #histogram: WideningHistogram;

  constructor(method: CalibrationMethod, options: ObserverOptions) {
    const { bins = 2048, percentile = DEFAULT_PERCENTILE, name = "values" } = options;
    checkMethod(method);
    checkPercentile(percentile);
    if (!Number.isInteger(bins) || bins < 128 || bins > 65536 || bins % 2 !== 0)
      throw new InvalidArgumentError(
        "bins",
        `bins is ${bins}; allowed: an even integer from 128 to 65536`,
      );
    this.#method = method;
    this.#percentile = percentile;
    this.#name = name;
    this.#histogram = new WideningHistogram(bins);
  }

  get count(): number {
    return this.#histogram.count;
  }

  observe(values: Float32Array): void {
    requireInstance(values, Float32Array, this.#name);
    this.#histogram.add(values, this.#name);
  }

  extremes(): { min: number; max: number } {
    this.#requireSome();
    return { min: this.#histogram.min, max: this.#histogram.max };
  }

  params(request: RangeRequest): QuantizationParams {
    const { bits, signed, narrowRange, scheme, ...target } = rangeTarget(request, this.#percentile);
    if (bits < 2) {
      const message =
        `a stream cannot be calibrated for ${bits} bits; use calibrate() on the whole tensor, ` +
        "or 2 bits or more";
      throw new UnsupportedError("bits", message);
    }
    this.#requireSome();
    const { method = this.#method } = request;
    checkMethod(method);
    const source = new HistogramSource(this.#histogram);
    const { scale, zeroPoint } = chooseFormat(source, method, { bits, signed, scheme, ...target });
    return {
      ...{ bits, signed, narrowRange, scheme, granularity: QuantizationGranularity.PER_TENSOR },
      ...{ shape: [this.#histogram.count], axis: 0, groupSize: 0 },
      scale: Float32Array.of(scale),
      zeroPoint: Int32Array.of(zeroPoint),
    };
  }

  #requireSome(): void {
    if (this.#histogram.count === 0)
      throw new InvalidDataError(
        this.#name,
        `${this.#name}: nothing was observed; observe a batch first`,
      );
  }
}
