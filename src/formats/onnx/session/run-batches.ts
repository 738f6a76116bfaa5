import { quoteName } from "../../../check/quote-name.js";
import { EvaluationError } from "../../../errors.js";
import type { TensorData } from "../../../measure/batches/tensor-data.js";
import type { ModelOutputs } from "../../../measure/metrics/metric.js";
import { joinOutput } from "../../../measure/metrics/outputs/join-output.js";
import type { ModelFiles } from "../external/model-files.js";
import type { Feeds, OnnxRuntime, RuntimeTensor } from "./ort-session.js";

/**
 * Runs a model over batches in a fresh session and joins the outputs, see {@link joinOutput}.
 * @param outputs names of the outputs that are fetched; the others are not asked for
 * @throws EvaluationError when the model does not load or run, or an output holds no numbers, or
 *   NaN; the signal's reason once aborted
 */
export async function runBatches(
  runtime: OnnxRuntime,
  files: ModelFiles,
  batches: readonly Feeds[],
  outputs: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ModelOutputs> {
  const parts = new Map<string, TensorData[]>(outputs.map((name) => [name, []]));
  const session = await runtime.open(files);
  try {
    for (const feeds of batches) {
      signal?.throwIfAborted();
      for (const [name, tensor] of await session.run(feeds, outputs)) {
        requireNumbers(name, tensor);
        parts.get(name)!.push(tensor);
      }
    }
  } finally {
    await session.release();
  }
  return Object.fromEntries([...parts].map(([name, tensors]) => [name, joinOutput(tensors)]));
}

function requireNumbers(name: string, { type, data }: RuntimeTensor): void {
  if (!ArrayBuffer.isView(data))
    throw new EvaluationError(
      name,
      `output ${quoteName(name)} is of type ${type}; allowed: numbers; choose another output ` +
        "with the metric's option output",
    );
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  const first = data.findIndex(Number.isNaN);
  if (first < 0) return;
  let count = 0;
  for (const value of data) if (!Number.isFinite(value)) count++;
  const message =
    `output ${quoteName(name)} holds ${count} NaN or infinite values, the first at index ` +
    `${first} of its batch`;
  throw new EvaluationError(name, message);
}
