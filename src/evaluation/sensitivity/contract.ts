import type { WeightBits } from "../../genes/bits.js";
import type { ModelSpec } from "../../model/layer-spec.js";

/** What a caller passes to a {@link SensitivityMetric}. */
export interface SensitivityRequest {
  /** Most evaluations in flight, where the metric makes any. An integer from 1. Default 1. */
  readonly concurrency?: number | undefined;
  /** Stops the metric. Default: it runs to its end. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Estimates how sensitive each layer of a model is to quantization.
 *
 * @example
 * ```ts
 * // Layers with few weights are the sensitive ones.
 * const bySize: SensitivityMetric = {
 *   name: "by-size",
 *   kind: "predicted",
 *   lossIncreases: async (model) =>
 *     new Map(model.layers.map(({ name, parameterCount }) => [name, 1 / (1 + parameterCount)])),
 * };
 * ```
 */
export interface SensitivityMetric {
  /** Short and unlike the names of other metrics, such as `weight-noise`. */
  readonly name: string;
  /** `measured` when the metric runs the quantized network, else `predicted`. */
  readonly kind: "predicted" | "measured";
  /**
   * The loss increase when each layer alone is quantized, by layer name. Every value is finite and
   * at least 0. The unit is the metric's own; a larger value means a more sensitive layer.
   * @throws the signal's reason once it is aborted
   */
  lossIncreases(
    model: ModelSpec,
    request: SensitivityRequest,
  ): Promise<ReadonlyMap<string, number>>;
}

/**
 * Which format the built-in metrics quantize a layer to. Its weights become symmetric and
 * per-channel, with min-max ranges.
 */
export interface ProbeOptions {
  /** Weight bits of the layer that is quantized, below 32. Default 3. */
  readonly bits?: WeightBits | undefined;
}
