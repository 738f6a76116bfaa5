import { EvaluationError } from "../../../errors.js";
import { openWorkerPool, type WorkerPool } from "../../../measure/processes/worker-pool.js";
import type { WorkerModule } from "../../../measure/workers/worker-file.js";
import type { OnnxRuntime, OnnxSessionOptions, RuntimeSession } from "./ort-session.js";
import { runtimeTypeName } from "./runtime-types.js";
import type { PlainFeeds, SessionReply, SessionTask } from "./session-worker.js";

/** The module of the process. */
const MODULE: WorkerModule = {
  source: "formats/onnx/session/session-worker.ts",
  built: "onnx/session-worker.js",
};

/** The longest time that timers take, some 24 days: the float model may take its time. */
const LONGEST_MS = 2 ** 31 - 1;

/** How an isolated runtime works. */
export interface IsolatedRuntimeOptions {
  readonly session: Omit<OnnxSessionOptions, "importRuntime">;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A runtime whose sessions are in a process of their own, one at a time: a model that makes ONNX
 * Runtime abort ends that process, and not this one. What it gives is the same, bit for bit.
 * @param local the runtime of this process, which describes it
 * @returns the runtime. Its `open` and the `run` of its session throw EvaluationError when the
 *   process dies, the signal's reason, and what the local ones throw
 */
export function isolatedRuntime(
  local: OnnxRuntime,
  { session, signal }: IsolatedRuntimeOptions,
): OnnxRuntime {
  return {
    description: local.description,
    // Tensors of the runtime are no plain data; the process makes them of these.
    feeds: (inputs, batch) =>
      Object.fromEntries(
        inputs.map(({ name, elementType }) => {
          const { data, dims } = batch[name]!;
          return [name, { type: runtimeTypeName(elementType)!, elementType, data, dims }];
        }),
      ),
    open: async (files) => {
      const pool = await openWorkerPool<SessionTask, SessionReply>(MODULE, 1);
      const ask = (task: SessionTask) =>
        pool.run(task, LONGEST_MS, signal).catch((error: unknown) => {
          throw signal?.aborted ? error : explained(error);
        });
      const { bytes, externalData } = files;
      try {
        await ask({ open: { bytes, ...(externalData && { externalData }) }, session });
      } catch (error) {
        await pool.dispose();
        throw error;
      }
      return remoteSession(pool, ask);
    },
  };
}

function remoteSession(
  pool: WorkerPool<SessionTask, SessionReply>,
  ask: (task: SessionTask) => Promise<SessionReply>,
): RuntimeSession {
  return {
    run: async (feeds, outputs) => {
      let reply = await ask({ run: feeds as unknown as PlainFeeds, outputs });
      const found = new Map(reply.tensors);
      while (reply.more) {
        reply = await ask({ more: true });
        for (const [name, tensor] of reply.tensors ?? []) found.set(name, tensor);
      }
      return found;
    },
    release: () => pool.dispose(),
  };
}

/** A process that died or hung ran the float model: no genome is at fault. */
function explained(error: unknown): unknown {
  if (!(error instanceof EvaluationError) || error.path === "onnxruntime-node") return error;
  return new EvaluationError(
    error.path,
    `the float model could not be run in a worker process: ${error.message}`,
    { cause: error },
  );
}
