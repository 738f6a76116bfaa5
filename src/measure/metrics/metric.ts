import type { TensorData } from "../batches/tensor-data.js";

/**
 * An output over all batches. Where its batches differ in the first dimension only, `dims` is that
 * of their join; else `dims` is the number of elements. The data of the batches lie one after
 * another either way.
 */
export interface OutputTensor extends TensorData {
  /** Dims of the output for each batch, in order. Absent: one batch, of `dims`. */
  readonly batchDims?: readonly (readonly number[])[];
}

/**
 * The outputs of a model over all samples, by name. A key that is an integer comes first in any
 * JavaScript object: the model's order is `MetricCall.outputNames`.
 */
export type ModelOutputs = Readonly<Record<string, OutputTensor>>;

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
  /** `score` of a model that guesses, 0 to 1; absent when unknown. */
  readonly chance?: number;
}

/** How a metric is asked. */
export interface MetricCall {
  /**
   * The outputs are those of the first samples only; the metric leaves the labels of the others
   * unread.
   */
  readonly partial?: boolean;
  /** Names of the outputs that were fetched, in the order of the model. */
  readonly outputNames?: readonly string[];
  /** Samples of each batch, where known: they tell an output of one sample from one of many. */
  readonly batchSizes?: readonly number[];
  /** The same of the reference, which has all batches. Default: `batchSizes`. */
  readonly referenceBatchSizes?: readonly number[];
}

/** Judges the outputs of a model. */
export interface Metric {
  /** Such as `top-1`. */
  readonly name: string;
  /** Distinguishes metrics of one name, for cache keys: labels, options. Default: the name. */
  readonly identity?: string;
  /**
   * Names of the outputs that it reads; `first` is the model's first. Only these are asked of the
   * runtime. Default: all that are tensors of numbers.
   */
  readonly outputs?: readonly string[] | "first";
  /** True when `evaluate` is to get the float model's outputs too. */
  readonly needsReference?: boolean;
  /** True when `evaluate` can judge the first samples only. Default: it needs all. */
  readonly judgesPart?: boolean;
  /**
   * @param outputs without NaN; infinite only where the float model's are
   * @param reference the float model's outputs over all samples, when `needsReference` is true
   * @param call `partial` is given only to a metric that `judgesPart`
   */
  evaluate(outputs: ModelOutputs, reference?: ModelOutputs, call?: MetricCall): MetricResult;
}

/** Which output a metric looks at. */
export interface MetricOptions {
  /** Name of the output. Default: the model's first. */
  readonly output?: string | undefined;
}
