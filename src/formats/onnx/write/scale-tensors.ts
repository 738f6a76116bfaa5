import { encodeFloat16 } from "../../../numeric/float16.js";
import { createCodes, packBits } from "../../../quantization/index.js";
import { makeTensor } from "../graph/make-tensor.js";
import { TensorProto_DataType as DataType, type TensorProto } from "../wire/onnx_pb.js";
import type { StorageType } from "./storage-type.js";

/** Scales as a float32 tensor, or a float16 one, which must hold them exactly. */
export function scaleTensor(
  name: string,
  dims: readonly number[],
  scale: Float32Array,
  float16: boolean,
): TensorProto {
  const view = new DataView(new ArrayBuffer(scale.length * (float16 ? 2 : 4)));
  if (float16)
    encodeFloat16(scale).forEach((bits, i) => {
      view.setUint16(2 * i, bits, true);
    });
  else
    scale.forEach((x, i) => {
      view.setFloat32(4 * i, x, true);
    });
  return makeTensor(
    name,
    dims,
    float16 ? DataType.FLOAT16 : DataType.FLOAT,
    new Uint8Array(view.buffer),
  );
}

/** Zero points as a tensor of the codes' type. */
export function zeroPointTensor(
  name: string,
  dims: readonly number[],
  zeroPoint: Int32Array,
  storage: StorageType,
): TensorProto {
  const codes = createCodes(storage, zeroPoint.length);
  codes.set(zeroPoint);
  return makeTensor(name, dims, storage.dataType, packBits(codes, storage.bits));
}
