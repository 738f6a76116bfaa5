import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError, InvalidDataError, UnsupportedError } from "../errors.js";
import { requireFinite } from "../numeric/find-non-finite.js";
import { requireInstance } from "../quantization/check-params.js";
import type { QuantizationParams } from "../quantization/params.js";
import { QuantizationGranularity } from "../quantization/scheme.js";
import { chooseFormat } from "./choose-format.js";
import type { CalibrationMethodName } from "./method-definition.js";
import { calibrationMethodOf, type RegisteredMethod } from "./method-registry.js";
import type { RangeObserver, RangeRequest } from "./observer.js";
import { checkPercentile, DEFAULT_PERCENTILE, rangeTarget } from "./range-target.js";
import { histogramObserver } from "./sources/histogram-observer.js";
import type { StreamObserver } from "./stream-observer.js";

/** Options of {@link createObserver}. */
export interface ObserverOptions {
  /** Bins for each sign, an even integer from 128 to 65536; default 2048. */
  readonly bins?: number;
  /** For the percentile method: above 50, at most 100; default 99.9. */
  readonly percentile?: number;
  /**
   * Further methods that `params` will be asked for. Only needed for custom methods with an
   * observer of their own: the built-in ones share theirs. Default: none.
   */
  readonly methods?: readonly CalibrationMethodName[];
  /** The tensor's name, for messages; default "values". */
  readonly name?: string;
}

/**
 * An observer that calibrates a stream by the given method. For a built-in method it keeps a
 * histogram of fixed size and the exact extremes: memory does not grow. What it gives depends only
 * on the values seen, not on their order or their batches. Against calibrating the whole array at
 * once, clips differ by about a bin, which is at most absmax / (bins / 2); min-max is exact.
 * @throws InvalidArgumentError for an unknown method or an option out of range
 * @example
 * ```ts
 * import { createObserver } from "quantevo";
 *
 * const observer = createObserver("percentile");
 * for (const batch of [Float32Array.of(0, 1, 2), Float32Array.of(3, 4)]) observer.observe(batch);
 * observer.params({ bits: 8, scheme: "asymmetric" }); // { scale, zeroPoint, ... }
 * ```
 */
export function createObserver(
  method: CalibrationMethodName,
  options: ObserverOptions = {},
): RangeObserver {
  return new MethodObserver(method, options);
}

type Watch = RegisteredMethod["observer"];

class MethodObserver implements RangeObserver {
  readonly #method: CalibrationMethodName;
  readonly #percentile: number;
  readonly #name: string;
  /** One for each way to watch that some method asked for. */
  readonly #watching = new Map<Watch, StreamObserver>();
  #count = 0;

  constructor(method: CalibrationMethodName, options: ObserverOptions) {
    const { bins = 2048, percentile = DEFAULT_PERCENTILE, methods = [], name = "values" } = options;
    const asked = [method, ...methods].map(calibrationMethodOf);
    checkPercentile(percentile);
    if (!Number.isInteger(bins) || bins < 128 || bins > 65536 || bins % 2 !== 0)
      throw new InvalidArgumentError(
        "bins",
        `bins is ${describeValue(bins)}; allowed: an even integer from 128 to 65536`,
      );
    this.#method = method;
    this.#percentile = percentile;
    this.#name = name;
    for (const { observer } of asked)
      if (!this.#watching.has(observer)) this.#watching.set(observer, observer({ bins, name }));
  }

  get count(): number {
    return this.#count;
  }

  observe(values: Float32Array): void {
    requireInstance(values, Float32Array, this.#name);
    if (values.length === 0) return;
    const { size } = this.#watching;
    // The histogram checks its values as it counts them.
    if (size > 1 || !this.#watching.has(histogramObserver)) requireFinite(values, this.#name);
    for (const stream of this.#watching.values()) stream.observe(values);
    this.#count += values.length;
  }

  extremes(): { min: number; max: number } {
    this.#requireSome();
    const [stream] = this.#watching.values();
    const { min, max } = stream!.source();
    return { min, max };
  }

  params(request: RangeRequest): QuantizationParams {
    const whole = rangeTarget(request, this.#percentile);
    const { bits, signed, narrowRange, reduceRange, scheme } = whole;
    if (bits < 2) {
      const message =
        `a stream cannot be calibrated for ${bits} bits; use calibrate() on the whole tensor, ` +
        "or 2 bits or more";
      throw new UnsupportedError("bits", message);
    }
    this.#requireSome();
    const method = calibrationMethodOf(request.method ?? this.#method);
    const stream = this.#watching.get(method.observer);
    if (stream === undefined)
      throw new UnsupportedError(
        "method",
        `method is ${method.name}, for which this stream was not watched; create the observer ` +
          `for it, or with methods: ["${method.name}"]`,
      );
    const source = stream.source();
    const { scale, zeroPoint } = chooseFormat(source, method, whole);
    return {
      ...{ bits, signed, narrowRange, ...(reduceRange ? { reduceRange } : {}), scheme },
      granularity: QuantizationGranularity.PER_TENSOR,
      ...{ shape: [this.#count], axis: 0, groupSize: 0 },
      scale: Float32Array.of(scale),
      zeroPoint: Int32Array.of(zeroPoint),
    };
  }

  #requireSome(): void {
    if (this.#count === 0)
      throw new InvalidDataError(
        this.#name,
        `${this.#name}: nothing was observed; observe a batch first`,
      );
  }
}
