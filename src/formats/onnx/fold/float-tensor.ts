import { toFloat16Bits } from "../../../numeric/float16.js";
import { makeTensor } from "../graph/make-tensor.js";
import { TensorProto_DataType as DataType, type TensorProto } from "../wire/onnx_pb.js";

/** The float types that folding computes in: those that ONNX Runtime's CPU operators have. */
export type FoldedFloat = typeof DataType.FLOAT | typeof DataType.FLOAT16;

/** True for float32 and float16. */
export function isFoldedFloat(dataType: number): dataType is FoldedFloat {
  return dataType === DataType.FLOAT || dataType === DataType.FLOAT16;
}

/**
 * Numbers as a tensor of float32 or float16, each rounded once.
 * @returns undefined when a number is NaN, infinite, or too large for the type
 */
export function floatTensor(
  name: string,
  dims: readonly number[],
  dataType: FoldedFloat,
  values: ArrayLike<number>,
): TensorProto | undefined {
  const half = dataType === DataType.FLOAT16;
  const bytes = new Uint8Array(values.length * (half ? 2 : 4));
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (half) {
      const bits = toFloat16Bits(value);
      // All exponent bits set: infinite or NaN.
      if ((bits & 0x7c00) === 0x7c00) return undefined;
      view.setUint16(2 * i, bits, true);
    } else {
      if (!Number.isFinite(Math.fround(value))) return undefined;
      view.setFloat32(4 * i, value, true);
    }
  }
  return makeTensor(name, dims, dataType, bytes);
}
