import { EvaluationError } from "../../errors.js";
import { typedError } from "../workers/typed-error.js";
import { type WorkerModule, workerFile } from "../workers/worker-file.js";

/** Processes that run tasks, one at a time each. Tasks and replies are plain data. */
export interface WorkerPool<Task, Reply> {
  /**
   * Runs a task in a process that is free, started when there is none; tasks wait for their turn. A
   * process that dies, or is ended by the time limit or the signal, costs its task alone: the next
   * task gets a new one.
   * @param timeLimitMs counted from the task's turn
   * @throws the task's error; EvaluationError when the process dies or the time is up; the signal's
   *   reason
   */
  run(task: Task, timeLimitMs: number, signal?: AbortSignal): Promise<Reply>;
  /** Ends all processes, and with them what they do. */
  dispose(): Promise<void>;
}

/** A process that dies while it starts costs no evaluation, unless this many more die too. */
const START_RETRIES = 3;

/** The longest time that timers take, some 24 days. */
const FOR_EVER_MS = 2 ** 31 - 1;

/**
 * A pool of at most `size` processes that run a module, started as they are needed. They are
 * processes and not threads because ending a thread in the middle of a run may end the whole
 * process (onnxruntime-node 1.30 does: "terminate called after throwing an instance of
 * 'Napi::Error'"); they keep no program from ending.
 */
export async function openWorkerPool<Task, Reply>(
  module: WorkerModule,
  size: number,
): Promise<WorkerPool<Task, Reply>> {
  const [{ Tinypool }, { path, execArgv }] = await Promise.all([
    import("tinypool"),
    workerFile(module),
  ]);
  const env = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const pool = new Tinypool({
    runtime: "child_process",
    serialization: "advanced",
    minThreads: 0,
    maxThreads: size,
    idleTimeout: FOR_EVER_MS,
    env: Object.fromEntries(env),
    execArgv,
  });
  // A process died without a task: idle, or while it started. Tasks that wait for its start would
  // wait for ever.
  pool.on("error", () => pool.cancelPendingTasks());
  const turns = takeTurns(size);
  let open = true;

  const attempt = async (task: Task, timeLimitMs: number, signal?: AbortSignal): Promise<Reply> => {
    // Its own for each attempt and never aborted afterwards: tinypool does not forget tasks that it
    // cancelled.
    const stop = new AbortController();
    const onAbort = () => stop.abort();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop.abort();
    }, timeLimitMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return (await pool.run(task, { filename: path, signal: stop.signal })) as Reply;
    } catch (cause) {
      signal?.throwIfAborted();
      if (!late) throw cause;
      throw new EvaluationError(
        "evaluationTimeoutMs",
        `the evaluation took longer than evaluationTimeoutMs, ${timeLimitMs} ms; its worker ` +
          "process was ended and is replaced",
      );
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  };
  const runNow = async (task: Task, timeLimitMs: number, signal?: AbortSignal): Promise<Reply> => {
    for (let retries = START_RETRIES; ; retries--) {
      signal?.throwIfAborted();
      if (!open)
        throw new EvaluationError("worker", "the worker processes were ended by dispose()");
      try {
        return await attempt(task, timeLimitMs, signal);
      } catch (cause) {
        signal?.throwIfAborted();
        // The task never ran.
        const unstarted = (cause as Error | undefined)?.name === "CancelError";
        if (unstarted && retries > 0) continue;
        throw unstarted
          ? new EvaluationError("worker", "worker processes die while they start", { cause })
          : typedError(cause);
      }
    }
  };
  return {
    run: (task, timeLimitMs, signal) => turns(() => runNow(task, timeLimitMs, signal)),
    dispose: async () => {
      open = false;
      await pool.destroy();
    },
  };
}

/** Lets at most `size` actions run at once, in the order in which they were asked for. */
function takeTurns(size: number): <T>(action: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (action) => {
    if (running === size) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await action();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
