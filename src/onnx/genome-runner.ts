import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { ActivationRanges } from "./activation-ranges.js";
import { encodeModel } from "./encode-model.js";
import type { ModelOutputs } from "./metrics/metric.js";
import type { OnnxModel } from "./onnx-model.js";
import type { Feeds, OnnxRuntime } from "./ort-session.js";
import { quantizedModel } from "./quantized-model.js";
import { runBatches } from "./run-batches.js";

/** What part of the data a genome is run on. */
export interface RunOptions {
  /** Run the first `batchCount` batches only, 1 or more. Default: all. */
  readonly batchCount?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Quantizes a model as a genome says and runs it over the batches it was made with. */
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
  readonly batches: readonly Feeds[];
  /** Names of the outputs wanted. */
  readonly outputs: readonly string[];
}

/** Runs genomes on this thread. */
export function localRunner({ model, ranges, runtime, batches, outputs }: RunnerParts): GenomeRunner {
  let feeds = batches;
  return {
    run: async (genome, { batchCount, signal } = {}) => {
      const bytes = encodeModel(quantizedModel(model, genome, ranges).proto);
      return runBatches(runtime, bytes, feeds.slice(0, batchCount), outputs, signal);
    },
    dispose: async () => {
      feeds = [];
    },
  };
}
