import type { QuantizationGenome } from "../genome/quantization-genome.js";

/** How well a quantized model still works. */
export interface AccuracyEstimate {
  /** `predicted` by a model of quantization noise, or `measured` by running the quantized network on data. */
  readonly kind: "predicted" | "measured";
  /** 0 to 1, 1 is best: top-1 share, agreement, or for perplexity the geometric-mean probability 1/perplexity. */
  readonly accuracy: number;
  /** Name of the metric, such as `top-1` or `perplexity`. */
  readonly metric: string;
  /** The metric in its own unit (for `top-1` the same as `accuracy`). */
  readonly metricValue: number;
  /** Samples it was measured on; absent when predicted. */
  readonly samples?: number;
  /** How it was obtained. */
  readonly source: string;
}

/** Says how accurate a genome is. May be asked for several genomes at once. */
export interface AccuracyEvaluator {
  readonly kind: "predicted" | "measured";
  /** The unquantized network's estimate, when known. */
  readonly baseline?: AccuracyEstimate;
  /** Distinguishes evaluators in cache keys and checkpoints: model, data, metric. Default: the kind. */
  readonly identity?: string;
  evaluate(
    genome: QuantizationGenome,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<AccuracyEstimate>;
}
