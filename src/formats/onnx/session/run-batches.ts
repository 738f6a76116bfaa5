import { quoteName } from "../../../check/quote-name.js";
import { EvaluationError } from "../../../errors.js";
import type { TensorArray, TensorData } from "../../../measure/batches/tensor-data.js";
import type { ModelOutputs } from "../../../measure/metrics/metric.js";
import { findNonFinite } from "../../../numeric/find-non-finite.js";
import type { Feeds, OnnxRuntime, RuntimeTensor } from "./ort-session.js";

/**
 * Runs a model over batches in a fresh session and joins the outputs along their first dimension.
 * @throws EvaluationError when the model does not load or run, or an output holds NaN or infinity;
 *   the signal's reason once aborted
 */
export async function runBatches(
  runtime: OnnxRuntime,
  bytes: Uint8Array,
  batches: readonly Feeds[],
  outputs: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ModelOutputs> {
  const parts = new Map<string, TensorData[]>(outputs.map((name) => [name, []]));
  const session = await runtime.open(bytes);
  try {
    for (const feeds of batches) {
      signal?.throwIfAborted();
      for (const [name, tensor] of await session.run(feeds, outputs)) {
        requireFiniteOutput(name, tensor);
        parts.get(name)!.push(tensor);
      }
    }
  } finally {
    await session.release();
  }
  return Object.fromEntries(
    [...parts].map(([name, tensors]) => [name, joinTensors(name, tensors)]),
  );
}

function requireFiniteOutput(name: string, { data }: RuntimeTensor): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  const found = findNonFinite(data);
  if (found === undefined) return;
  const message =
    `output ${quoteName(name)} holds ${found.count} NaN or infinite values, the first at index ` +
    `${found.index} of its batch`;
  throw new EvaluationError(name, message);
}

/** @throws EvaluationError when the shapes differ in more than the first dimension */
function joinTensors(name: string, tensors: readonly TensorData[]): TensorData {
  const first = tensors[0]!;
  if (tensors.length === 1) return first;
  const rest = first.dims.slice(1).join();
  let length = 0;
  let extent = 0;
  for (const { data, dims } of tensors) {
    if (dims.length === 0 || dims.slice(1).join() !== rest)
      throw new EvaluationError(
        name,
        `output ${quoteName(name)} is [${first.dims.join(", ")}] for one batch and ` +
          `[${dims.join(", ")}] for another; allowed: shapes that differ in the first ` +
          "dimension only",
      );
    length += data.length;
    extent += dims[0]!;
  }
  const joined = new (first.data.constructor as new (length: number) => TensorArray)(length);
  let at = 0;
  for (const { data } of tensors) {
    (joined as Float32Array).set(data as Float32Array, at);
    at += data.length;
  }
  return { data: joined, dims: [extent, ...first.dims.slice(1)] };
}
