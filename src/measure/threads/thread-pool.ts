import { mapConcurrent } from "../../async/map-concurrent.js";
import { InvalidArgumentError, QuantevoError } from "../../errors.js";
import type { LayerSpec } from "../../model/layer-spec.js";
import { inNode, javaScriptRuntime } from "../workers/javascript-runtime.js";
import { typedError } from "../workers/typed-error.js";
import { warnOfNoWorkers } from "../workers/warn-of-no-workers.js";
import { type WorkerModule, workerFile } from "../workers/worker-file.js";
import { type PlacedWeights, WeightPlaces } from "./weight-places.js";

/** How many threads work. */
export interface ThreadOptions {
  /**
   * Most threads that quantize weights, 1 to 256; 1: this thread alone. Default: one for each core
   * where the work is worth it, some seconds. The results are the same.
   */
  readonly threads?: number | undefined;
  /** Stops between layers. */
  readonly signal?: AbortSignal | undefined;
}

/** A layer, which has weights, and what is to be done with it. */
export interface LayerTask {
  readonly layer: LayerSpec;
}

/** A {@link LayerTask} as a thread gets it: with the place of the weights instead of them. */
export type PlacedTask<T extends LayerTask> = T & { readonly at: PlacedWeights };

/**
 * Work that takes less on one thread is not worth others: each costs up to 0.4 s to start and to
 * warm its code.
 */
const WORTH_IT_SECONDS = 3;
const MODULE: WorkerModule = {
  source: "measure/threads/thread-worker.ts",
  built: "onnx/thread-worker.js",
};
const ALONE = "weights are quantized on this thread alone";

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
  if (Number.isInteger(threads) && threads >= 1 && threads <= 256) {
    if (inNode() || threads === 1) return threads;
    const here = javaScriptRuntime();
    if (here !== undefined) warnOfNoWorkers(`${ALONE}: ${here} runs no threads of Node.js`);
    return 1;
  }
  throw new InvalidArgumentError(
    "threads",
    `threads is ${threads}; allowed: an integer from 1 to 256`,
  );
}

/**
 * Does tasks in threads of their own, large layers first, and ends those. Weights in shared memory
 * are not copied, see {@link WeightPlaces}.
 * @param name the function of `thread-worker.ts` that does a task
 * @returns results in the order of the tasks, whatever finishes first; undefined when threads do
 *   not start or die, or cannot share memory, which is said once as a warning
 * @throws what the first task that fails throws; the signal's reason
 */
export async function inThreads<T extends LayerTask, R>(
  name: string,
  tasks: readonly T[],
  threads: number,
  signal?: AbortSignal,
): Promise<R[] | undefined> {
  const weightsOf = (task: T) => task.layer.weights!;
  const places = placesFor(tasks.map(weightsOf), Math.min(threads, tasks.length));
  if (places === undefined) return undefined;
  const [{ Tinypool }, { path, execArgv }] = await Promise.all([
    import("tinypool"),
    workerFile(MODULE),
  ]);
  signal?.throwIfAborted();
  const size = places.concurrency;
  const workerData = places.memories;
  const pool = new Tinypool({ minThreads: size, maxThreads: size, execArgv, workerData });
  // A thread that dies while it starts: tasks would wait for it for ever.
  pool.on("error", () => pool.cancelPendingTasks());
  // One that ends without an error: tinypool would wait for its answer for ever, and for its end.
  for (const thread of pool.threads)
    thread.on("exit", () => {
      if (pool.threads.includes(thread)) thread.emit("error", new Error("a thread ended"));
    });
  const stop = new AbortController();
  const run = (index: number) =>
    places.with(weightsOf(tasks[index]!), async (at) => {
      const { weights: _, ...layer } = tasks[index]!.layer;
      try {
        return (await pool.run({ ...tasks[index], layer, at }, { filename: path, name })) as R;
      } catch (cause) {
        const error = typedError(cause);
        if (error.path === "worker") stop.abort(error);
        throw error;
      }
    });
  // A thread that is left to the end with a large layer would keep the others waiting.
  const order = [...tasks.keys()].sort(
    (a, b) => weightsOf(tasks[b]!).length - weightsOf(tasks[a]!).length,
  );
  try {
    const signals = signal === undefined ? [stop.signal] : [signal, stop.signal];
    const outcomes = await mapConcurrent(order, size, run, AbortSignal.any(signals));
    signal?.throwIfAborted();
    stop.signal.throwIfAborted();
    const results = new Map(outcomes.map((outcome, i) => [order[i]!, outcome]));
    return tasks.map((_, i) => {
      const outcome = results.get(i)!;
      if (outcome.status === "fulfilled") return outcome.value;
      throw outcome.status === "rejected" ? outcome.reason : undefined;
    });
  } catch (error) {
    if (!(error instanceof QuantevoError && error.path === "worker")) throw error;
    warnOfNoWorkers(`${ALONE}: ${error.message}`);
    return undefined;
  } finally {
    await pool.destroy();
    places.release();
  }
}

function placesFor(weights: readonly Float32Array[], threads: number): WeightPlaces | undefined {
  try {
    if (typeof SharedArrayBuffer !== "undefined") return new WeightPlaces(weights, threads);
    warnOfNoWorkers(`${ALONE}: there is no SharedArrayBuffer`);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    warnOfNoWorkers(`${ALONE}: there is no memory that threads can share, ${error.message}`);
  }
  return undefined;
}
