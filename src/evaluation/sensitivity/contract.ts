import type { WeightBits } from "../../genes/bits.js";
import type { ModelSpec } from "../../model/layer-spec.js";

/** How a {@link SensitivityMetric} is asked. */
export interface SensitivityRequest {
  /** Most evaluations in flight, where the metric makes any. Default 1. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Says how much each layer minds being quantized. */
export interface SensitivityMetric {
  /** Short and unlike others, such as `weight-noise`. */
  readonly name: string;
  /** `measured` when the quantized network is run for it. */
  readonly kind: "predicted" | "measured";
  /**
   * Harm done by quantizing each layer alone, by name: finite, at least 0, in a unit of the
   * metric's own; larger = more sensitive.
   * @throws the signal's reason once it is aborted
   */
  harms(model: ModelSpec, request: SensitivityRequest): Promise<ReadonlyMap<string, number>>;
}

/** How the built-in metrics quantize a layer: its weights symmetric, per-channel, min-max. */
export interface ProbeOptions {
  /** Bits of the layer that is quantized; below 32. Default 3. */
  readonly bits?: WeightBits | undefined;
}
