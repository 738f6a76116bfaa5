import type { FloatType } from "../../../deploy/storage.js";
import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";

const TYPES: readonly (readonly [dataType: number, floatType: FloatType])[] = [
  [DataType.FLOAT, "float32"],
  [DataType.FLOAT16, "float16"],
  [DataType.BFLOAT16, "bfloat16"],
  [DataType.DOUBLE, "float64"],
];

/** The float type of a TensorProto.DataType; undefined for other types. */
export function floatTypeOf(dataType: number): FloatType | undefined {
  return TYPES.find(([type]) => type === dataType)?.[1];
}

/** The TensorProto.DataType of a float type. */
export function dataTypeOf(floatType: FloatType): number {
  return TYPES.find(([, type]) => type === floatType)![0];
}
