import { readFileSync } from "node:fs";
import type { OnnxModel } from "../../src/formats/onnx/index.js";
import type { Batch } from "../../src/measure/batches/tensor-data.js";

interface StoredInput {
  readonly dtype: "float32" | "int64" | "int32" | "bool";
  readonly dims: readonly number[];
  readonly offset: number;
  readonly length: number;
}

const ARRAYS = { float32: Float32Array, int64: BigInt64Array, int32: Int32Array, bool: Uint8Array };

/** The samples of a model, as bench/int8/inputs.py wrote them. */
export function samplesOf(folder: string, name: string, part: "calib" | "test") {
  const at = `${folder}/data/${name}/${part}`;
  const bytes = readFileSync(`${at}.bin`);
  const list = JSON.parse(readFileSync(`${at}.json`, "utf8")) as Record<string, StoredInput>[];
  return list.map((sample) =>
    Object.fromEntries(
      Object.entries(sample).map(([input, { dtype, dims, offset, length }]) => {
        const start = bytes.byteOffset + offset;
        const data = new ARRAYS[dtype](bytes.buffer.slice(start, start + length) as ArrayBuffer);
        return [input, { dtype, dims, data }];
      }),
    ),
  );
}

/** One run's inputs. */
export type Sample = ReturnType<typeof samplesOf>[number];

/** A sample as the library takes it. */
export const batchOf = (sample: Sample) =>
  Object.fromEntries(
    Object.entries(sample).map(([input, { dims, data }]) => [input, { dims, data }]),
  ) as Batch;

/** How many samples a batch has: the extent of the first dimension, where the file leaves it open. */
export function batchSizeOf({ inputs }: OnnxModel, batch: Batch): number {
  const first = inputs[0];
  return first?.dims[0] === -1 ? (batch[first.name]?.dims[0] ?? 1) : 1;
}
