import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";

/** Bits of one element in `raw_data`, by TensorProto.DataType; strings have no fixed width. */
const BITS: ReadonlyMap<number, number> = new Map([
  [DataType.FLOAT, 32],
  [DataType.UINT8, 8],
  [DataType.INT8, 8],
  [DataType.UINT16, 16],
  [DataType.INT16, 16],
  [DataType.INT32, 32],
  [DataType.INT64, 64],
  [DataType.BOOL, 8],
  [DataType.FLOAT16, 16],
  [DataType.DOUBLE, 64],
  [DataType.UINT32, 32],
  [DataType.UINT64, 64],
  [DataType.COMPLEX64, 64],
  [DataType.COMPLEX128, 128],
  [DataType.BFLOAT16, 16],
  [DataType.FLOAT8E4M3FN, 8],
  [DataType.FLOAT8E4M3FNUZ, 8],
  [DataType.FLOAT8E5M2, 8],
  [DataType.FLOAT8E5M2FNUZ, 8],
  [DataType.FLOAT8E8M0, 8],
  [DataType.UINT4, 4],
  [DataType.INT4, 4],
  [DataType.FLOAT4E2M1, 4],
  [DataType.FLOAT6E2M3, 6],
  [DataType.FLOAT6E3M2, 6],
  [DataType.UINT2, 2],
  [DataType.INT2, 2],
]);

/** Bits of one stored element; undefined for strings and unknown types. */
export function elementBits(dataType: number): number | undefined {
  return BITS.get(dataType);
}

/** The type's name as the ONNX specification writes it, for messages. */
export function elementTypeName(dataType: number): string {
  return DataType[dataType] ?? `type ${dataType}`;
}

/**
 * True for float32, float16, bfloat16 and double: the types whose values are weights to be
 * quantized.
 */
export function isFloatType(dataType: number): boolean {
  return (
    dataType === DataType.FLOAT ||
    dataType === DataType.FLOAT16 ||
    dataType === DataType.BFLOAT16 ||
    dataType === DataType.DOUBLE
  );
}

/** True for the integer types that hold shapes, axes and indices, and for bool. */
export function isIntegerType(dataType: number): boolean {
  return (
    (dataType >= DataType.UINT8 && dataType <= DataType.INT64) ||
    dataType === DataType.BOOL ||
    dataType === DataType.UINT32 ||
    dataType === DataType.UINT64
  );
}
