import type { QuantizationGenome } from "../genome/quantization-genome.js";

/** How well a quantized model still works. */
export interface AccuracyEstimate {
  /**
   * `predicted` by a model of quantization noise, or `measured` by running the quantized network on
   * data.
   */
  readonly kind: "predicted" | "measured";
  /**
   * 0 to 1, 1 is best: top-1 share, agreement, or for perplexity the geometric-mean probability
   * 1/perplexity.
   */
  readonly accuracy: number;
  /** Name of the metric, such as `top-1` or `perplexity`. */
  readonly metric: string;
  /** The metric in its own unit (for `top-1` the same as `accuracy`). */
  readonly metricValue: number;
  /** Samples it was measured on; absent when predicted. */
  readonly samples?: number;
  /**
   * One value a sample, in the order of the data, whose mean rises and falls with `accuracy`
   * (`top-1`: 1 for right, 0 for wrong; `perplexity`: the mean log-probability of a window's
   * tokens). Two genomes measured on the same samples are compared by the differences of these: as
   * many as the float32 model has, at most `samples` and `sampleCount`. Absent when unknown.
   */
  readonly sampleScores?: Float32Array;
  /**
   * Standard error of `accuracy`, 0 to 1, samples taken as independent draws. Absent when unknown.
   */
  readonly standardError?: number;
  /**
   * 95% confidence interval of `accuracy`, within 0 to 1 (what the data left open, not what they
   * lack). Absent when unknown.
   */
  readonly interval?: readonly [number, number];
  /** How it was obtained. */
  readonly source: string;
}

/** How one genome is evaluated. */
export interface EvaluateOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Judge on the first `samples` samples only (rounded up to what the evaluator can run), 1 to its
   * `sampleCount`. Default: all. Not read by an evaluator without a `sampleCount`.
   */
  readonly samples?: number | undefined;
}

/** Says how accurate a genome is. May be asked for several genomes at once. */
export interface AccuracyEvaluator {
  readonly kind: "predicted" | "measured";
  /** The unquantized network's estimate, when known. */
  readonly baseline?: AccuracyEstimate;
  /**
   * Distinguishes evaluators in cache keys and checkpoints: model, data, metric. Default: the kind.
   */
  readonly identity?: string;
  /**
   * Samples that a whole evaluation judges, an integer of at least 1. An evaluator that gives it
   * can judge on fewer.
   */
  readonly sampleCount?: number;
  evaluate(genome: QuantizationGenome, options: EvaluateOptions): Promise<AccuracyEstimate>;
}
