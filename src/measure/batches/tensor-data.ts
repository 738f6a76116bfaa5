/** Element arrays that an ONNX input or output comes in. */
export type TensorArray =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/**
 * A dense tensor, row-major. Uint8Array stands for uint8 unless the model's input is bool;
 * Uint16Array for float16 bits where the model's input is float16.
 */
export interface TensorData {
  readonly data: TensorArray;
  readonly dims: readonly number[];
}

/** One batch of inputs, by input name; the first dimension of each is the batch. */
export type Batch = Readonly<Record<string, TensorData>>;
