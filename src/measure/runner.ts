import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { Batch } from "./batches/tensor-data.js";
import type { ModelOutputs } from "./metrics/metric.js";

/** What part of the data a genome is run on. */
export interface RunOptions {
  /** The first of the runner's batches, the last of them perhaps cut short. Default: all. */
  readonly batches?: readonly Batch[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Quantizes a model as a genome says and runs it over the data it was made with: what a runtime
 * gives, and all that measuring needs of it.
 */
export interface GenomeRunner {
  /**
   * @returns the outputs, joined along their first dimension
   * @throws EvaluationError when the quantized model does not load or run; InvalidArgumentError for
   *   a genome of another model; the signal's reason once aborted
   */
  run(genome: QuantizationGenome, options?: RunOptions): Promise<ModelOutputs>;
  /** Lets go of the data and of what else it holds. */
  dispose(): Promise<void>;
}
