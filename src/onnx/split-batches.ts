import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import type { Batch, TensorArray } from "./tensor-data.js";

/**
 * Cuts a data set into batches along the first dimension. The batches share memory with the data set; the last
 * one may be smaller.
 * @param data tensors by input name, all with the same first dimension: the number of samples
 * @param batchSize samples of a batch, an integer from 1
 * @throws InvalidArgumentError for another `batchSize`; InvalidDataError for tensors without samples, of unequal
 *   numbers of samples, or whose data and dims disagree
 */
export function splitBatches(data: Batch, batchSize: number): Batch[] {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new InvalidArgumentError("batchSize", `batchSize is ${batchSize}; allowed: an integer from 1`);
  const entries = Object.entries(data);
  const samples = entries[0]?.[1].dims[0] ?? 0;
  for (const [name, tensor] of entries) {
    const count = tensor.dims.reduce((product, extent) => product * extent, 1);
    if (
      tensor.dims.length === 0 ||
      tensor.dims[0] !== samples ||
      count !== tensor.data.length ||
      count === 0
    ) {
      const message = `${name} has dims [${tensor.dims.join(", ")}] and ${tensor.data.length} elements; allowed: ${samples || "1 or more"} samples along the first dimension, and as many elements as the dims say`;
      throw new InvalidDataError(name, message);
    }
  }
  if (samples === 0) throw new InvalidDataError("data", "data holds no tensor; allowed: 1 tensor or more");
  const batches: Batch[] = [];
  for (let start = 0; start < samples; start += batchSize) {
    const size = Math.min(batchSize, samples - start);
    batches.push(
      Object.fromEntries(
        entries.map(([name, { data: values, dims }]) => {
          const perSample = values.length / samples;
          const part = values.subarray(start * perSample, (start + size) * perSample) as TensorArray;
          return [name, { data: part, dims: [size, ...dims.slice(1)] }];
        }),
      ),
    );
  }
  return batches;
}
