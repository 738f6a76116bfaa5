import type { OnnxModel } from "../../src/formats/onnx/index.js";
import type { Batch } from "../../src/measure/batches/tensor-data.js";

/** The samples of a batch: the first dimension, where the file leaves it open. */
export function batchSizeOf({ inputs }: OnnxModel, batch: Batch): number {
  const first = inputs[0];
  return first?.dims[0] === -1 ? (batch[first.name]?.dims[0] ?? 1) : 1;
}
