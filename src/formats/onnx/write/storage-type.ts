import type { CodeStorage, CodeWidths } from "../../../deploy/storage.js";
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
 * The widths of ONNX. Binary and ternary weights go into INT2, those of 3 bits into INT4, those of
 * 5 and 6 bits into INT8. Activations of 4 bits are stored in 8, for ONNX Runtime 1.30 fails at
 * INT4 ones. It gives the buffer of an INT4 tensor to INT8 tensors of its shape, which are twice as
 * large (wrong results, memory overrun). And it drops a Relu before an INT4 QuantizeLinear.
 */
export const ONNX_WIDTHS: CodeWidths = { weights: [2, 4, 8, 16], activations: [8, 16] };

/** The ONNX type of integers that are as wide as one of {@link ONNX_WIDTHS}. */
export function storageType({ bits, signed }: CodeStorage): StorageType {
  const width = bits as keyof typeof TYPES;
  const { opset, ...types } = TYPES[width];
  return { dataType: signed ? types.signed : types.unsigned, bits: width, signed, opset };
}
