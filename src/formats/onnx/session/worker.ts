import { type ActivationFormats, formatKey } from "../../../deploy/activation-formats.js";
import { EvaluationError } from "../../../errors.js";
import { QuantizationGenome } from "../../../genome/quantization-genome.js";
import { batchesOf, serveTasks } from "../../../measure/processes/process-task.js";
import { inMemory } from "../external/model-files.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { decodeModel } from "../wire/decode-model.js";
import { quantizedModel, weightOptionsOf } from "../write/quantized-model.js";
import type { OnnxSetup, OnnxWork } from "./genome-runner.js";
import { type Feeds, loadOnnxRuntime, type OnnxRuntime } from "./ort-session.js";
import { runBatches } from "./run-batches.js";

/** What serves all genomes of a setup. */
interface Prepared extends OnnxSetup {
  readonly model: OnnxModel;
  readonly runtime: OnnxRuntime;
  readonly feeds: readonly Feeds[];
}

/** What a worker process runs for each task. */
export default serveTasks<OnnxSetup, Prepared, OnnxWork>({
  // Loads ahead what is most often wanted; the setup says which runtime it is, and has its errors.
  start: () => loadOnnxRuntime().catch(() => undefined),
  prepare: async (setup) => {
    const model = { ...setup.model, proto: decodeModel(setup.model.bytes) };
    const runtime = await loadOnnxRuntime(setup.session);
    const feeds = setup.batches.map((batch) => runtime.feeds(model.inputs, batch));
    return { ...setup, model, runtime, feeds };
  },
  run: (prepared, work, part) => {
    const { model, runtime, feeds, batches, outputs } = prepared;
    const genome = QuantizationGenome.fromDict(work.genome);
    const formats = formatsOf(work, prepared);
    const { proto } = quantizedModel(model, genome, formats, weightOptionsOf(prepared));
    const wanted =
      part === undefined
        ? feeds
        : batchesOf(batches, part).map((batch) => runtime.feeds(model.inputs, batch));
    return runBatches(runtime, inMemory(proto), wanted, outputs, undefined);
  },
});

function formatsOf({ formats, unfit }: OnnxWork, { inputMeans }: OnnxSetup): ActivationFormats {
  return {
    inputMeans,
    covers: (range) => !unfit.has(range),
    format: (range, config, method) => {
      const found = formats.get(formatKey(range, config, method));
      if (found !== undefined) return found;
      throw new EvaluationError(
        "worker",
        `the worker was not told the format of activation ${range}`,
      );
    },
  };
}
