import type { ModelInput, TensorType } from "../../../measure/batches/model-input.js";
import { elementTypeName } from "../graph/element-type.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";

/** ONNX Runtime's names of element types, by TensorProto.DataType. */
const TYPES: ReadonlyMap<number, TensorType> = new Map([
  [DataType.FLOAT, "float32"],
  [DataType.DOUBLE, "float64"],
  [DataType.FLOAT16, "float16"],
  [DataType.INT64, "int64"],
  [DataType.UINT64, "uint64"],
  [DataType.INT32, "int32"],
  [DataType.UINT32, "uint32"],
  [DataType.INT16, "int16"],
  [DataType.UINT16, "uint16"],
  [DataType.INT8, "int8"],
  [DataType.UINT8, "uint8"],
  [DataType.BOOL, "bool"],
]);

/** ONNX Runtime's name of an element type; undefined for types that no typed array holds. */
export function runtimeTypeName(dataType: number): TensorType | undefined {
  return TYPES.get(dataType);
}

/** The inputs of a model as batches are checked against them. */
export function modelInputs(model: OnnxModel): ModelInput[] {
  return model.inputs.map(({ name, elementType, dims, symbol }) => {
    const type = runtimeTypeName(elementType) ?? elementTypeName(elementType);
    return { name, type, dims, symbol };
  });
}
