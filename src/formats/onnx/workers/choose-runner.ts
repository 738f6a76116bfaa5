import { InvalidArgumentError, UnsupportedError } from "../../../errors.js";
import { type GenomeRunner, localRunner, type RunnerParts } from "../session/genome-runner.js";
import type { OnnxSessionOptions } from "../session/ort-session.js";
import type { Batch } from "../tensor-data.js";
import { autoRunner } from "./auto-runner.js";
import { inNode } from "./in-node.js";
import { processRunner } from "./process-runner.js";
import { warnOfNoWorkers } from "./warn-of-no-workers.js";
import { openWorkerPool } from "./worker-pool.js";
import type { WorkerSetup } from "./worker-task.js";

/** Where evaluations run, and for how long. */
export interface WorkerOptions {
  /**
   * Most processes that evaluate genomes side by side, 0 to 256; 0: this thread only. Default: one
   * for each core (and each `intraOpNumThreads`), as far as half of the free memory holds them, and
   * only once evaluations that were asked for at the same time have kept this thread busy for two
   * seconds. The results are the same.
   */
  readonly workers?: number | undefined;
  /**
   * Longest time of one evaluation in a worker process, in ms from its turn, 1 to 2^31 - 1; default
   * 600,000. Where it is given, all evaluations run in worker processes: this thread cannot be
   * stopped.
   */
  readonly evaluationTimeoutMs?: number | undefined;
  readonly session?: OnnxSessionOptions | undefined;
}

const DEFAULT_TIMEOUT_MS = 600_000;
/** For the start of a process and its loading of ONNX Runtime. */
const START_LIMIT_MS = 60_000;
/** What a process needs besides model and data. */
const PROCESS_BYTES = 150e6;

/**
 * @throws InvalidArgumentError for a number out of range, or workers that cannot be;
 *   UnsupportedError outside of Node
 */
export function checkWorkerOptions({ workers, evaluationTimeoutMs, session }: WorkerOptions): void {
  checkWhole("workers", workers, 0, 256);
  checkWhole("evaluationTimeoutMs", evaluationTimeoutMs, 1, 2 ** 31 - 1);
  const wanted = workers === undefined ? evaluationTimeoutMs !== undefined : workers > 0;
  if (workers === 0 && evaluationTimeoutMs !== undefined)
    throw new InvalidArgumentError(
      "evaluationTimeoutMs",
      `evaluationTimeoutMs is ${evaluationTimeoutMs} with workers 0; allowed: 1 worker or ` +
        "more, as this thread cannot be stopped",
    );
  if (wanted && session?.importRuntime !== undefined)
    throw new InvalidArgumentError(
      "session.importRuntime",
      "session.importRuntime is a function, which worker processes cannot be given; allowed: " +
        "workers 0 and no evaluationTimeoutMs, or the installed onnxruntime-node",
    );
  if (wanted && !inNode())
    throw new UnsupportedError(
      "workers",
      "worker processes need Node.js; leave workers out, or give 0",
    );
}

function checkWhole(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw new InvalidArgumentError(
    name,
    `${name} is ${value}; allowed: an integer from ${least} to ${most}`,
  );
}

/**
 * What runs the genomes of an evaluator.
 * @param options checked by {@link checkWorkerOptions}
 * @throws EvaluationError or MissingDependencyError when workers are asked for and do not start;
 *   the signal's reason
 */
export async function chooseRunner(
  parts: RunnerParts,
  batches: readonly Batch[],
  options: WorkerOptions,
  signal?: AbortSignal,
): Promise<GenomeRunner> {
  const { workers, evaluationTimeoutMs, session = {} } = options;
  const { importRuntime, ...sessionData } = session;
  const { model, ranges, outputs } = parts;
  if (workers === 0 || importRuntime !== undefined || !inNode()) return localRunner(parts);
  const open = async (size: number): Promise<GenomeRunner> => {
    const pool = await openWorkerPool(size);
    try {
      await pool.run({}, START_LIMIT_MS, signal);
    } catch (error) {
      await pool.dispose();
      throw error;
    }
    const { proto: _, ...plain } = model;
    const setup: WorkerSetup = { model: plain, batches, outputs, session: sessionData };
    return processRunner({
      pool,
      model,
      ranges,
      setup,
      timeLimitMs: evaluationTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    });
  };
  if (workers !== undefined) return open(workers);
  const size = await affordableWorkers(parts, batches, session.intraOpNumThreads ?? 1);
  if (evaluationTimeoutMs !== undefined) return open(Math.max(1, size));
  if (size < 2) return localRunner(parts);
  return autoRunner(localRunner(parts), () =>
    open(size).catch((error: Error) => {
      warnOfNoWorkers(
        `evaluations go on on this thread alone, as no worker process starts: ${error.message}`,
      );
      return undefined;
    }),
  );
}

/** One for each core, as far as half of the free memory holds them. */
async function affordableWorkers(
  { model }: RunnerParts,
  batches: readonly Batch[],
  threads: number,
): Promise<number> {
  const { availableParallelism, freemem } = await import("node:os");
  const data = batches.reduce(
    (sum, batch) =>
      sum + Object.values(batch).reduce((bytes, tensor) => bytes + tensor.data.byteLength, 0),
    0,
  );
  // The file, its weights as float32, the quantized file, and what ONNX Runtime makes of it.
  const perWorker = PROCESS_BYTES + data + 4 * model.bytes.byteLength;
  return Math.min(
    Math.floor(availableParallelism() / threads),
    Math.floor(freemem() / 2 / perWorker),
    256,
  );
}
