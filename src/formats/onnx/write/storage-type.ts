import type { IntegerBits } from "../../../quantization/index.js";
import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";

/** An ONNX integer type that codes are stored in. */
export interface StorageType {
  /** TensorProto.DataType. */
  readonly dataType: number;
  /** Width of a stored element. */
  readonly bits: 2 | 4 | 8 | 16;
  readonly signed: boolean;
  /**
   * The least opset at which this type is used: 8 bits exist from 10, and are used from 13 on where
   * scales may lie along an axis.
   */
  readonly opset: number;
}

const TYPES = {
  2: { opset: 25, signed: DataType.INT2, unsigned: DataType.UINT2 },
  4: { opset: 21, signed: DataType.INT4, unsigned: DataType.UINT4 },
  8: { opset: 13, signed: DataType.INT8, unsigned: DataType.UINT8 },
  16: { opset: 21, signed: DataType.INT16, unsigned: DataType.UINT16 },
} as const;

/**
 * The narrowest ONNX type that holds codes of a width. ONNX has 2, 4, 8 and 16 bits: binary and
 * ternary codes go into INT2, 3 bits into INT4, 5 and 6 bits into INT8.
 */
export function storageType(bits: IntegerBits, signed: boolean): StorageType {
  const width = bits <= 2 ? 2 : bits <= 4 ? 4 : bits <= 8 ? 8 : 16;
  const { opset, ...types } = TYPES[width];
  return { dataType: signed ? types.signed : types.unsigned, bits: width, signed, opset };
}
