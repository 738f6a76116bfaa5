import { InvalidArgumentError, QuantevoError } from "../../errors.js";
import { mapConcurrent } from "../../evaluation/map-concurrent.js";
import type { LayerSpec } from "../../model/layer-spec.js";
import { inNode } from "./in-node.js";
import { typedError } from "./typed-error.js";
import { warnOfNoWorkers } from "./warn-of-no-workers.js";
import { workerFile } from "./worker-file.js";

/** How many threads work. */
export interface ThreadOptions {
  /**
   * Most threads that quantize weights, 1 to 256; 1: this thread alone. Default: one for each core where the work is
   * worth it, some seconds. The results are the same.
   */
  readonly threads?: number | undefined;
  /** Stops between layers. */
  readonly signal?: AbortSignal | undefined;
}

/** A layer and what is to be done with it. */
export interface LayerTask {
  readonly layer: LayerSpec;
}

/** Work that takes less on one thread is not worth others: each costs up to 0.4 s to start and to warm its code. */
const WORTH_IT_SECONDS = 3;

/**
 * How many threads to use.
 * @param seconds what the work takes on one thread, roughly
 * @throws InvalidArgumentError for a number out of range
 */
export async function threadCount({ threads }: ThreadOptions, seconds: number): Promise<number> {
  if (threads === undefined) {
    if (!inNode() || seconds < WORTH_IT_SECONDS) return 1;
    const { availableParallelism } = await import("node:os");
    return availableParallelism();
  }
  if (Number.isInteger(threads) && threads >= 1 && threads <= 256) return threads;
  throw new InvalidArgumentError("threads", `threads is ${threads}; allowed: an integer from 1 to 256`);
}

/**
 * Does tasks in threads of their own, and ends those. A task's weights go over as a copy, for as many tasks at a time
 * as there are threads.
 * @param name the function of `thread-worker.ts` that does a task
 * @returns results in the order of the tasks, whatever finishes first; undefined when threads do not start or die,
 *   which is said once as a warning
 * @throws what the first task that fails throws; the signal's reason
 */
export async function inThreads<T extends LayerTask, R>(
  name: string,
  tasks: readonly T[],
  threads: number,
  signal?: AbortSignal,
): Promise<R[] | undefined> {
  const [{ Tinypool }, { path, execArgv }] = await Promise.all([
    import("tinypool"),
    workerFile("thread-worker"),
  ]);
  const size = Math.min(threads, tasks.length);
  const pool = new Tinypool({ minThreads: size, maxThreads: size, execArgv });
  // A thread that dies while it starts: tasks would wait for it for ever.
  pool.on("error", () => pool.cancelPendingTasks());
  const run = (task: T) => {
    const weights = task.layer.weights?.slice();
    const layer = weights === undefined ? task.layer : { ...task.layer, weights };
    const transferList = weights === undefined ? [] : [weights.buffer];
    return pool.run({ ...task, layer }, { filename: path, name, transferList }) as Promise<R>;
  };
  try {
    const outcomes = await mapConcurrent(tasks, size, run, signal);
    signal?.throwIfAborted();
    return outcomes.map((outcome) => {
      if (outcome.status === "fulfilled") return outcome.value;
      throw typedError(outcome.status === "rejected" ? outcome.reason : undefined);
    });
  } catch (error) {
    if (!(error instanceof QuantevoError && error.path === "worker")) throw error;
    warnOfNoWorkers(`weights are quantized on this thread alone: ${error.message}`);
    return undefined;
  } finally {
    await pool.destroy();
  }
}
