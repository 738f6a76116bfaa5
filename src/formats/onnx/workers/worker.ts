import { EvaluationError } from "../../../errors.js";
import { QuantizationGenome } from "../../../genome/quantization-genome.js";
import { formatKey } from "../activations/activation-ranges.js";
import { firstSamples } from "../first-samples.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { type Feeds, loadOnnxRuntime, type OnnxRuntime } from "../session/ort-session.js";
import { runBatches } from "../session/run-batches.js";
import type { Batch } from "../tensor-data.js";
import { decodeModel } from "../wire/decode-model.js";
import { encodeModel } from "../wire/encode-model.js";
import { quantizedModel } from "../write/quantized-model.js";
import type { BatchPart, WorkerReply, WorkerSetup, WorkerTask } from "./worker-task.js";

interface Prepared {
  readonly setup: WorkerSetup;
  readonly model: OnnxModel;
  readonly runtime: OnnxRuntime;
  readonly feeds: readonly Feeds[];
}

let prepared: Prepared | undefined;

async function prepare(setup: WorkerSetup): Promise<Prepared> {
  const model = { ...setup.model, proto: decodeModel(setup.model.bytes) };
  const runtime = await loadOnnxRuntime(setup.session);
  const feeds = setup.batches.map((batch) => runtime.feeds(model.inputs, batch));
  return { setup, model, runtime, feeds };
}

function partOf(batches: readonly Batch[], { batchCount, lastSamples }: BatchPart): Batch[] {
  return batches
    .slice(0, batchCount)
    .map((batch, i) => (i === batchCount - 1 ? firstSamples(batch, lastSamples) : batch));
}

/** What a worker process runs for each task. */
export default async function runTask(task: WorkerTask): Promise<WorkerReply> {
  if (task.setup !== undefined) prepared = await prepare(task.setup);
  if (task.genome === undefined) {
    await loadOnnxRuntime();
    return {};
  }
  if (prepared === undefined) return {};
  const { setup, model, runtime, feeds } = prepared;
  const formats = {
    format: (...[tensor, config, method]: Parameters<typeof formatKey>) => {
      const found = task.formats?.get(formatKey(tensor, config, method));
      if (found !== undefined) return found;
      throw new EvaluationError(
        "worker",
        `the worker was not told the format of activation ${tensor}`,
      );
    },
  };
  const { proto } = quantizedModel(model, QuantizationGenome.fromDict(task.genome), formats);
  const wanted =
    task.part === undefined
      ? feeds
      : partOf(setup.batches, task.part).map((batch) => runtime.feeds(model.inputs, batch));
  return {
    outputs: await runBatches(runtime, encodeModel(proto), wanted, setup.outputs, undefined),
  };
}
