// Reads the inputs that bench/int8/samples.py wrote.
import { readFileSync } from "node:fs";
import type { Batch, TensorArray } from "../../src/measure/batches/tensor-data.js";

const ARRAYS = { float32: Float32Array, int64: BigInt64Array, int32: Int32Array, bool: Uint8Array };

type StoredType = keyof typeof ARRAYS;

interface StoredInput {
  readonly dtype: StoredType;
  readonly dims: readonly number[];
  /** Bytes, a multiple of 8. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** One tensor; `type` is what ONNX Runtime calls its elements. */
export interface SampleInput {
  readonly type: StoredType;
  readonly dims: readonly number[];
  readonly data: TensorArray;
}

/** The inputs of one run, by name. */
export type Sample = Readonly<Record<string, SampleInput>> & Batch;

/** The samples of a model that calibrate or test it. */
export function samplesOf(folder: string, name: string, part: "calib" | "test"): Sample[] {
  const at = `${folder}/data/${name}/${part}`;
  const bytes = readFileSync(`${at}.bin`);
  const list = JSON.parse(readFileSync(`${at}.json`, "utf8")) as Record<string, StoredInput>[];
  return list.map((sample) =>
    Object.fromEntries(
      Object.entries(sample).map(([input, { dtype, dims, offset, length }]) => {
        const start = bytes.byteOffset + offset;
        const data = new ARRAYS[dtype](bytes.buffer.slice(start, start + length) as ArrayBuffer);
        return [input, { type: dtype, dims, data }];
      }),
    ),
  );
}
