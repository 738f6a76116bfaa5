import type { TensorArray } from "./tensor-data.js";

type ArrayClass = abstract new (...args: never[]) => TensorArray;

/** The array class that elements of a type come in. */
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Readonly<Record<string, ArrayClass>>;

/** An element type that a typed array holds; float16 as its bits. */
export type TensorType = keyof typeof ARRAYS;

/** An input of a model, whatever its format. */
export interface ModelInput {
  readonly name: string;
  /** A {@link TensorType}, or the name of a type that no typed array holds. */
  readonly type: string;
  /** -1 where the size is symbolic or unknown; empty where the shape is not given. */
  readonly dims: readonly number[];
  /** The model's name of the first dimension, where it has one: inputs of one name agree on it. */
  readonly symbol?: string | undefined;
}

/** The array class that elements of a type come in; undefined for types that none holds. */
export function arrayClassOf(type: string): ArrayClass | undefined {
  return Object.hasOwn(ARRAYS, type) ? ARRAYS[type as TensorType] : undefined;
}
