import type { TensorData } from "../tensor-data.js";

/** The outputs of a model over all samples, by name, in the model's order. */
export type ModelOutputs = Readonly<Record<string, TensorData>>;

/** What a metric found. */
export interface MetricResult {
  /** 0 to 1, 1 is best. */
  readonly score: number;
  /** The metric in its own unit. */
  readonly value: number;
  /** Samples (or tokens) that were judged, at least 1. */
  readonly samples: number;
}

/** Judges the outputs of a model. */
export interface Metric {
  /** Such as `top-1`. */
  readonly name: string;
  /** Distinguishes metrics of one name, for cache keys: labels, options. Default: the name. */
  readonly identity?: string;
  /** True when `evaluate` is to get the float model's outputs too. */
  readonly needsReference?: boolean;
  /**
   * @param outputs all finite where they are floats
   * @param reference the float model's outputs, when `needsReference` is true
   */
  evaluate(outputs: ModelOutputs, reference?: ModelOutputs): MetricResult;
}

/** Which output a metric looks at. */
export interface MetricOptions {
  /** Name of the output. Default: the model's first. */
  readonly output?: string | undefined;
}
