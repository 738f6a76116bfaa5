import { isRecord } from "../../check/check-fields.js";
import { describeValue } from "../../check/describe-value.js";
import { InvalidArgumentError, InvalidDataError } from "../../errors.js";
import type { Batch, TensorArray, TensorData } from "./tensor-data.js";

/**
 * Cuts a data set into batches along the first dimension. The batches share memory with the data
 * set; the last one may be smaller.
 * @param data tensors by input name, all with the same first dimension: the number of samples
 * @param batchSize samples of a batch, an integer from 1
 * @throws InvalidArgumentError for another `batchSize`; InvalidDataError for what is no tensor,
 *   tensors without samples, of unequal numbers of samples, or whose data and dims disagree
 */
export function splitBatches(data: Batch, batchSize: number): Batch[] {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new InvalidArgumentError(
      "batchSize",
      `batchSize is ${batchSize}; allowed: an integer from 1`,
    );
  if (!isRecord(data))
    throw new InvalidDataError(
      "data",
      `data is ${describeValue(data)}; allowed: an object of tensors by input name`,
    );
  const entries = Object.entries(data);
  for (const [name, tensor] of entries) checkTensor(name, tensor);
  const samples = entries[0]?.[1].dims[0] ?? 0;
  for (const [name, tensor] of entries) {
    const count = tensor.dims.reduce((product, extent) => product * extent, 1);
    if (
      tensor.dims.length === 0 ||
      tensor.dims[0] !== samples ||
      count !== tensor.data.length ||
      count === 0
    ) {
      const message =
        `${name} has dims [${tensor.dims.join(", ")}] and ${tensor.data.length} elements; ` +
        `allowed: ${samples || "1 or more"} samples along the first dimension, and as many ` +
        "elements as the dims say";
      throw new InvalidDataError(name, message);
    }
  }
  if (samples === 0)
    throw new InvalidDataError("data", "data holds no tensor; allowed: 1 tensor or more");
  const batches: Batch[] = [];
  for (let start = 0; start < samples; start += batchSize) {
    const size = Math.min(batchSize, samples - start);
    batches.push(
      Object.fromEntries(
        entries.map(([name, { data: values, dims }]) => {
          const perSample = values.length / samples;
          const part = values.subarray(
            start * perSample,
            (start + size) * perSample,
          ) as TensorArray;
          return [name, { data: part, dims: [size, ...dims.slice(1)] }];
        }),
      ),
    );
  }
  return batches;
}

/**
 * @throws InvalidDataError naming the tensor when its data is no typed array or its dims no
 *   integers from 0
 */
function checkTensor(name: string, tensor: unknown): void {
  const { data, dims } = (tensor ?? {}) as Partial<TensorData>;
  const typed = ArrayBuffer.isView(data) && !(data instanceof DataView);
  if (!typed)
    throw new InvalidDataError(
      name,
      isRecord(tensor)
        ? `${name}.data is ${describeValue(data)}; allowed: a typed array, such as Float32Array`
        : `${name} is ${describeValue(tensor)}; allowed: a tensor { data, dims }`,
    );
  if (!Array.isArray(dims) || !dims.every((extent) => Number.isInteger(extent) && extent >= 0))
    throw new InvalidDataError(
      name,
      `${name}.dims is ${Array.isArray(dims) ? `[${dims.join(", ")}]` : describeValue(dims)}; ` +
        "allowed: a list of integers from 1",
    );
}
