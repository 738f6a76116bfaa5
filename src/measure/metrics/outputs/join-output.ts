import type { TensorArray, TensorData } from "../../batches/tensor-data.js";
import type { OutputTensor } from "../metric.js";

/**
 * Joins an output of batches, one after another, whatever their shapes.
 * @param batches one or more, of one element type
 */
export function joinOutput(batches: readonly TensorData[]): OutputTensor {
  const { data: first, dims: shape } = batches[0]!;
  if (batches.length === 1) return { data: first, dims: shape };
  const length = batches.reduce((sum, { data }) => sum + data.length, 0);
  const data = new (first.constructor as new (length: number) => TensorArray)(length);
  let at = 0;
  for (const batch of batches) {
    (data as Float32Array).set(batch.data as Float32Array, at);
    at += batch.data.length;
  }
  const rest = shape.slice(1).join();
  const joins = batches.every(({ dims }) => dims.length > 0 && dims.slice(1).join() === rest);
  const extent = batches.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0);
  return {
    data,
    dims: joins ? [extent, ...shape.slice(1)] : [length],
    batchDims: batches.map(({ dims }) => dims),
  };
}
