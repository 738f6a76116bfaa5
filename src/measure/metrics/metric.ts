import type { TensorData } from "../batches/tensor-data.js";

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
  /**
   * One value for each judged sample (index of the first dimension), in order; see
   * AccuracyEstimate.
   */
  readonly sampleScores?: Float32Array;
  /** Standard error of `score`, 0 to 1, samples taken as independent draws. */
  readonly standardError?: number;
  /** 95% confidence interval of `score`, within 0 to 1. */
  readonly interval?: readonly [number, number];
}

/** How a metric is asked. */
export interface MetricCall {
  /**
   * The outputs are those of the first samples only; the metric leaves the labels of the others
   * unread.
   */
  readonly partial?: boolean;
}

/** Judges the outputs of a model. */
export interface Metric {
  /** Such as `top-1`. */
  readonly name: string;
  /** Distinguishes metrics of one name, for cache keys: labels, options. Default: the name. */
  readonly identity?: string;
  /** True when `evaluate` is to get the float model's outputs too. */
  readonly needsReference?: boolean;
  /** True when `evaluate` can judge the first samples only. Default: it needs all. */
  readonly judgesPart?: boolean;
  /**
   * @param outputs all finite where they are floats
   * @param reference the float model's outputs over all samples, when `needsReference` is true
   * @param call `partial` is given only to a metric that `judgesPart`
   */
  evaluate(outputs: ModelOutputs, reference?: ModelOutputs, call?: MetricCall): MetricResult;
}

/** Which output a metric judges. */
export interface MetricOptions {
  /** Name of the output. Default: the model's first. */
  readonly output?: string | undefined;
}
