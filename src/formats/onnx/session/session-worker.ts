import type { TensorData } from "../../../measure/batches/tensor-data.js";
import type { ModelFiles } from "../external/model-files.js";
import {
  loadOnnxRuntime,
  type OnnxRuntime,
  type OnnxSessionOptions,
  type RuntimeSession,
  type RuntimeTensor,
} from "./ort-session.js";

/** Inputs as plain data: tensors of the runtime are none. */
export type PlainFeeds = Readonly<Record<string, TensorData & { readonly elementType: number }>>;

/** What the process of an isolated runtime is asked. Plain data. */
export type SessionTask =
  | { readonly open: ModelFiles; readonly session: Omit<OnnxSessionOptions, "importRuntime"> }
  | { readonly run: PlainFeeds; readonly outputs: readonly string[] }
  | { readonly more: true };

/** Tensors of a run, and whether there are more of them. Plain data. */
export interface SessionReply {
  readonly tensors?: readonly (readonly [name: string, tensor: RuntimeTensor])[];
  readonly more?: boolean;
}

/** A message between processes holds 2 GiB at most; a batch of activations may be larger. */
const REPLY_BYTES = 2 ** 28;

let runtime: OnnxRuntime | undefined;
let opened: RuntimeSession | undefined;
let waiting: [string, RuntimeTensor][] = [];

/** What the process runs for each task: one session at a time, which stays open between tasks. */
export default async function serveSession(task: SessionTask): Promise<SessionReply> {
  if ("open" in task) {
    runtime = await loadOnnxRuntime(task.session);
    opened = await runtime.open(task.open);
    return {};
  }
  if ("run" in task) {
    const inputs = Object.entries(task.run).map(([name, { elementType, dims }]) => ({
      name,
      elementType,
      dims,
    }));
    const feeds = runtime!.feeds(inputs, task.run);
    waiting = [...(await opened!.run(feeds, task.outputs))];
    return nextReply();
  }
  return nextReply();
}

function nextReply(): SessionReply {
  let bytes = 0;
  let count = 0;
  for (const [, { data }] of waiting) {
    bytes += data.byteLength ?? 0;
    if (count > 0 && bytes > REPLY_BYTES) break;
    count++;
  }
  return { tensors: waiting.splice(0, count), more: waiting.length > 0 };
}
