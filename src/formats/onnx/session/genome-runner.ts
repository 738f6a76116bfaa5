import type { QuantizationGenome } from "../../../genome/quantization-genome.js";
import type { ActivationRanges } from "../activations/activation-ranges.js";
import type { ModelOutputs } from "../metrics/metric.js";
import type { OnnxModel } from "../read/onnx-model.js";
import type { Batch } from "../tensor-data.js";
import { encodeModel } from "../wire/encode-model.js";
import { quantizedModel } from "../write/quantized-model.js";
import type { Feeds, OnnxRuntime } from "./ort-session.js";
import { runBatches } from "./run-batches.js";

/** What part of the data a genome is run on. */
export interface RunOptions {
  /** The first of the runner's batches, the last of them perhaps cut short. Default: all. */
  readonly batches?: readonly Batch[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Quantizes a model as a genome says and runs it over the data it was made with. */
export interface GenomeRunner {
  /**
   * @returns the outputs, joined along their first dimension
   * @throws what {@link quantizedModel} and {@link runBatches} throw
   */
  run(genome: QuantizationGenome, options?: RunOptions): Promise<ModelOutputs>;
  /** Lets go of the data and of what else it holds. */
  dispose(): Promise<void>;
}

/** What a genome is run with. */
export interface RunnerParts {
  readonly model: OnnxModel;
  readonly ranges: ActivationRanges;
  readonly runtime: OnnxRuntime;
  /** All batches. */
  readonly feeds: readonly Feeds[];
  /** Names of the outputs wanted. */
  readonly outputs: readonly string[];
}

/** Runs genomes on this thread. */
export function localRunner({ model, ranges, runtime, feeds, outputs }: RunnerParts): GenomeRunner {
  let all = feeds;
  return {
    run: async (genome, { batches, signal } = {}) => {
      const bytes = encodeModel(quantizedModel(model, genome, ranges).proto);
      const wanted = batches?.map((batch) => runtime.feeds(model.inputs, batch)) ?? all;
      return runBatches(runtime, bytes, wanted, outputs, signal);
    },
    dispose: async () => {
      all = [];
    },
  };
}
