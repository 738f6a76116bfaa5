import { isBuiltInMethod } from "../../calibration/method-registry.js";
import { InvalidArgumentError, UnsupportedError } from "../../errors.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { Batch } from "../batches/tensor-data.js";
import type { GenomeRunner } from "../runner.js";
import { inNode, javaScriptRuntime } from "../workers/javascript-runtime.js";
import { warnOfNoWorkers } from "../workers/warn-of-no-workers.js";
import type { WorkerModule } from "../workers/worker-file.js";
import { autoRunner } from "./auto-runner.js";
import { processRunner } from "./process-runner.js";
import type { ProcessReply, ProcessTask } from "./process-task.js";
import { openWorkerPool } from "./worker-pool.js";

/** Where evaluations run, and for how long. */
export interface ProcessOptions {
  /**
   * Most processes that evaluate genomes side by side, 0 to 256; 0: this thread only. The results
   * are the same. Default: one for each core, or for as many cores as a run has threads, as far as
   * half of the free memory holds them. They start once evaluations that were asked for at the same
   * time have kept this thread busy for two seconds. In Bun and Deno there are none, which is said
   * once as a warning.
   */
  readonly workers?: number | undefined;
  /**
   * Longest time of one evaluation in a worker process, in ms from its turn, 1 to 2^31 - 1; default
   * 600,000. Where it is given, all evaluations run in worker processes: this thread cannot be
   * stopped. Genomes with a custom calibration method run on this thread in any case.
   */
  readonly evaluationTimeoutMs?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 600_000;
/** For the start of a process and its loading of the runtime. */
const START_LIMIT_MS = 60_000;
/** What a process needs besides model and data. */
const PROCESS_BYTES = 150e6;

/** Whether worker processes are asked for. */
export function wantsProcesses({ workers, evaluationTimeoutMs }: ProcessOptions): boolean {
  return workers === undefined ? evaluationTimeoutMs !== undefined : workers > 0;
}

/**
 * @throws InvalidArgumentError for a number out of range, or a time limit without workers;
 *   UnsupportedError outside of Node
 */
export function checkProcessOptions(options: ProcessOptions): void {
  const { workers, evaluationTimeoutMs } = options;
  checkWhole("workers", workers, 0, 256);
  checkWhole("evaluationTimeoutMs", evaluationTimeoutMs, 1, 2 ** 31 - 1);
  if (workers === 0 && evaluationTimeoutMs !== undefined)
    throw new InvalidArgumentError(
      "evaluationTimeoutMs",
      `evaluationTimeoutMs is ${evaluationTimeoutMs} with workers 0; allowed: 1 worker or ` +
        "more, as this thread cannot be stopped",
    );
  const here = javaScriptRuntime();
  // What `workers` asks for, this thread does too; a time limit it cannot keep.
  const fallsBack = here !== undefined && evaluationTimeoutMs === undefined;
  if (wantsProcesses(options) && !inNode() && !fallsBack)
    throw new UnsupportedError(
      "workers",
      `worker processes need Node.js, and this is ${here ?? "a browser"}; leave ` +
        "workers and evaluationTimeoutMs out, or give workers 0",
    );
}

function checkWhole(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw new InvalidArgumentError(
    name,
    `${name} is ${value}; allowed: an integer from ${least} to ${most}`,
  );
}

/** How a runtime runs genomes, here and in processes. */
export interface RuntimeRunners<Setup, Work> {
  /** Runs genomes on this thread. */
  readonly local: GenomeRunner;
  /** The module of its processes, made with `serveTasks`; absent where it can have none. */
  readonly module?: WorkerModule | undefined;
  /** See `processRunner`. Called once processes are started. */
  setup(): Setup;
  /** See `processRunner`. */
  workOf(genome: QuantizationGenome): Work;
  /** What a process needs for the model besides the data, in bytes. */
  readonly modelBytes: number;
  /** Threads that one run takes. */
  readonly threads: number;
}

/**
 * What runs the genomes of an evaluator.
 * @param options checked by {@link checkProcessOptions}
 * @throws EvaluationError or MissingDependencyError when workers are asked for and do not start;
 *   the signal's reason
 */
export async function chooseRunner<Setup, Work>(
  runtime: RuntimeRunners<Setup, Work>,
  batches: readonly Batch[],
  options: ProcessOptions,
  signal?: AbortSignal,
): Promise<GenomeRunner> {
  const { local, module, workOf, modelBytes, threads } = runtime;
  const { workers, evaluationTimeoutMs } = options;
  if (workers === 0 || module === undefined) return local;
  if (!inNode()) {
    const here = javaScriptRuntime();
    if (here !== undefined)
      warnOfNoWorkers(
        `evaluations run on this thread alone, as ${here} runs no worker processes of Node.js; ` +
          "workers: 0 says that this is meant",
      );
    return local;
  }
  const open = async (size: number): Promise<GenomeRunner> => {
    const pool = await openWorkerPool<ProcessTask<Setup, Work>, ProcessReply>(module, size);
    try {
      await pool.run({}, START_LIMIT_MS, signal);
    } catch (error) {
      await pool.dispose();
      throw error;
    }
    const timeLimitMs = evaluationTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    const remote = processRunner({ pool, setup: runtime.setup(), workOf, timeLimitMs });
    return customMethodsHere(local, remote);
  };
  if (workers !== undefined) return open(workers);
  const size = await affordableWorkers(modelBytes, batches, threads);
  if (evaluationTimeoutMs !== undefined) return open(Math.max(1, size));
  if (size < 2) return local;
  return autoRunner(local, () =>
    open(size).catch((error: Error) => {
      warnOfNoWorkers(
        `evaluations go on on this thread alone, as no worker process starts: ${error.message}`,
      );
      return undefined;
    }),
  );
}

/** Runs genomes with a custom calibration method, which no other process knows, on this thread. */
function customMethodsHere(local: GenomeRunner, remote: GenomeRunner): GenomeRunner {
  return {
    run: (genome, options) => {
      const layers = [...genome.layerConfigs.keys()];
      const known = layers.every((layer) => isBuiltInMethod(genome.calibrationMethodOf(layer)));
      return (known && isBuiltInMethod(genome.calibrationMethod) ? remote : local).run(
        genome,
        options,
      );
    },
    dispose: async () => {
      await local.dispose();
      await remote.dispose();
    },
  };
}

/** One for each core, as far as half of the free memory holds them. */
async function affordableWorkers(
  modelBytes: number,
  batches: readonly Batch[],
  threads: number,
): Promise<number> {
  const { availableParallelism, freemem } = await import("node:os");
  const data = batches.reduce(
    (sum, batch) =>
      sum + Object.values(batch).reduce((bytes, tensor) => bytes + tensor.data.byteLength, 0),
    0,
  );
  const perWorker = PROCESS_BYTES + data + modelBytes;
  return Math.min(
    Math.floor(availableParallelism() / threads),
    Math.floor(freemem() / 2 / perWorker),
    256,
  );
}
