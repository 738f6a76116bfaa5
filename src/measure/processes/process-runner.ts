import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { GenomeRunner } from "../runner.js";
import { type ProcessReply, type ProcessTask, partOf } from "./process-task.js";
import type { WorkerPool } from "./worker-pool.js";

/** How genomes are run in processes. */
export interface ProcessRunnerOptions<Setup, Work> {
  readonly pool: WorkerPool<ProcessTask<Setup, Work>, ProcessReply>;
  /** What is the same for all genomes: model, data. Plain data. */
  readonly setup: Setup;
  /**
   * A genome as its process needs it. Plain data.
   * @throws InvalidArgumentError for a genome of another model
   */
  workOf(genome: QuantizationGenome): Work;
  /** Longest time of one evaluation, in ms. */
  readonly timeLimitMs: number;
}

/**
 * Runs genomes in the processes of a pool: quantizing and inference happen there. The setup goes
 * over once for each process; a genome brings its work, and gets outputs back.
 */
export function processRunner<Setup, Work>({
  pool,
  setup,
  workOf,
  timeLimitMs,
}: ProcessRunnerOptions<Setup, Work>): GenomeRunner {
  return {
    run: async (genome, { batches, signal } = {}) => {
      const part = batches === undefined ? undefined : partOf(batches);
      const task: ProcessTask<Setup, Work> = { work: workOf(genome), part };
      const first = await pool.run(task, timeLimitMs, signal);
      const { outputs } = first.outputs
        ? first
        : await pool.run({ ...task, setup }, timeLimitMs, signal);
      return outputs!;
    },
    dispose: () => pool.dispose(),
  };
}
