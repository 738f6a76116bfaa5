import { configOf } from "../../../evaluation/genome-size.js";
import type { QuantizationGenome } from "../../../genome/quantization-genome.js";
import {
  type ActivationFormat,
  type ActivationRanges,
  formatKey,
} from "../activations/activation-ranges.js";
import type { OnnxModel } from "../read/onnx-model.js";
import type { GenomeRunner } from "../session/genome-runner.js";
import type { Batch } from "../tensor-data.js";
import { checkGenomeLayers } from "../write/plan-layers.js";
import type { WorkerPool } from "./worker-pool.js";
import type { BatchPart, WorkerSetup, WorkerTask } from "./worker-task.js";

/** What a genome is run with in worker processes. */
export interface ProcessRunnerParts {
  readonly pool: WorkerPool;
  readonly model: OnnxModel;
  readonly ranges: ActivationRanges;
  readonly setup: WorkerSetup;
  /** Longest time of one evaluation. */
  readonly timeLimitMs: number;
}

/**
 * Runs genomes in the processes of a pool: quantizing, encoding and inference happen there. Model
 * and data go over once for each process; a genome brings its settings and the formats of its
 * activations, and gets outputs back.
 */
export function processRunner({
  pool,
  model,
  ranges,
  setup,
  timeLimitMs,
}: ProcessRunnerParts): GenomeRunner {
  return {
    run: async (genome, { batches, signal } = {}) => {
      checkGenomeLayers(model, genome);
      const { metrics: _, ...plain } = genome.toDict();
      const task: WorkerTask = {
        genome: plain,
        formats: formatsOf(model, genome, ranges),
        part: batches === undefined ? undefined : partOf(batches),
      };
      const first = await pool.run(task, timeLimitMs, signal);
      const { outputs } = first.outputs
        ? first
        : await pool.run({ ...task, setup }, timeLimitMs, signal);
      return outputs!;
    },
    dispose: () => pool.dispose(),
  };
}

function partOf(batches: readonly Batch[]): BatchPart {
  const [tensor] = Object.values(batches.at(-1) ?? {});
  return { batchCount: batches.length, lastSamples: tensor?.dims[0] ?? 0 };
}

/** The formats of all activations that the genome quantizes. */
function formatsOf(
  model: OnnxModel,
  genome: QuantizationGenome,
  ranges: ActivationRanges,
): Map<string, ActivationFormat> {
  const nodes = model.proto.graph?.node ?? [];
  const formats = new Map<string, ActivationFormat>();
  for (const [i, { uses }] of model.bindings.entries()) {
    const layer = model.layers[i]!;
    const config = configOf(genome, layer);
    if (config.activationBits === 32) continue;
    const method = genome.calibrationMethodOf(layer.name);
    for (const { node, activationInput } of uses) {
      if (activationInput < 0) continue;
      const tensor = nodes[node]!.input[activationInput]!;
      formats.set(formatKey(tensor, config, method), ranges.format(tensor, config, method));
    }
  }
  return formats;
}
