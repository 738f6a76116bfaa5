import type { WeightBits } from "../genes/bits.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { HardwareCostModel, HardwareTarget } from "../hardware/contract.js";

/** How accurate a quantized model is, and how that was found. */
export interface AccuracyEstimate {
  /**
   * `measured` by running the quantized network on data, or `predicted` from quantization noise.
   */
  readonly kind: "predicted" | "measured";
  /**
   * 0 to 1, 1 is best: top-1 share, agreement, or for perplexity the geometric-mean probability
   * 1/perplexity.
   */
  readonly accuracy: number;
  /** Name of the metric, such as `top-1` or `perplexity`. */
  readonly metric: string;
  /** The metric in its own unit. For `top-1` it equals `accuracy`. */
  readonly metricValue: number;
  /** Samples that were judged. Absent when predicted. */
  readonly samples?: number;
  /**
   * One score for each sample, in the order of the data. Their mean rises and falls with
   * `accuracy`. For `top-1` a score is 1 if right and 0 if wrong; for `perplexity` it is the mean
   * log-probability of a window's tokens.
   *
   * Two genomes that were measured on the same samples are compared by the differences of their
   * scores. The number of scores equals the float32 model's and is at most `samples`. Absent when
   * unknown.
   */
  readonly sampleScores?: Float32Array;
  /**
   * Standard error of `accuracy`, 0 to 1, with the samples as independent draws. Absent when
   * unknown.
   */
  readonly standardError?: number;
  /**
   * 95% confidence interval of `accuracy`, within 0 to 1. It covers the sampling error, not a bias
   * of the data. Absent when unknown.
   */
  readonly interval?: readonly [number, number];
  /** How the accuracy was obtained, for people. */
  readonly source: string;
  /** What speaks against trusting it, such as an output that no longer depends on the input. */
  readonly notes?: readonly string[];
}

/** Options of {@link AccuracyEvaluator.evaluate}. */
export interface EvaluateOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Evaluate on the first `samples` samples only, 1 to `sampleCount`. An evaluator may round up to
   * what it can run. Default: all. An evaluator without `sampleCount` ignores it.
   */
  readonly samples?: number | undefined;
}

/**
 * Tells how accurate a genome is. A search may call `evaluate` for several genomes at once. A
 * user-supplied evaluator implements this interface.
 *
 * @example
 * ```ts
 * const evaluator: AccuracyEvaluator = {
 *   kind: "measured",
 *   async evaluate(genome) {
 *     const accuracy = await runMyModel(genome);
 *     const source = "my test set";
 *     return { kind: "measured", accuracy, metric: "top-1", metricValue: accuracy, source };
 *   },
 * };
 * ```
 */
export interface AccuracyEvaluator {
  /** The kind of every estimate that it returns. */
  readonly kind: "predicted" | "measured";
  /** Estimate of the float32 network, when known. */
  readonly baseline?: AccuracyEstimate;
  /**
   * Distinguishes evaluators in cache keys and checkpoints: model, data and metric. Default: the
   * kind.
   */
  readonly identity?: string;
  /**
   * Samples of a whole evaluation, an integer of at least 1. An evaluator that sets it can evaluate
   * on fewer samples.
   */
  readonly sampleCount?: number;
  /**
   * What the files that it measures cost on a target, where it knows better than the target's
   * device. The engine asks when it is given no cost model of its own. Undefined: the target's
   * device.
   */
  costModel?(target: HardwareTarget): HardwareCostModel | undefined;
  /**
   * Weight widths that its files store exactly. A search chooses among them, within `minBits` and
   * `maxBits`, unless `weightBitChoices` says otherwise. Default: all.
   */
  readonly storedWeightBits?: readonly WeightBits[];
  /**
   * Bytes of the file that the genome is written to, predicted: what a search then minimises as the
   * size. It is asked for many genomes, so it answers in microseconds. Absent: no file is written.
   */
  fileBytes?(genome: QuantizationGenome): number;
  /** Estimates the accuracy of a genome. It should reject once `options.signal` is aborted. */
  evaluate(genome: QuantizationGenome, options: EvaluateOptions): Promise<AccuracyEstimate>;
}
