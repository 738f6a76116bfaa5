import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  TensorProto_DataType as DataType,
  type NodeProto,
  type TensorProto,
  TensorProtoSchema,
} from "../wire/onnx_pb.js";
import { intAttribute } from "./node-attributes.js";

/**
 * The tensor that a Constant node holds, whichever attribute holds it; undefined for sparse values
 * and for a node with none. Numbers in attributes become a scalar or a list of float32 or int64.
 */
export function constantTensor(node: NodeProto): TensorProto | undefined {
  for (const attribute of node.attribute) {
    switch (attribute.name) {
      case "value":
        return attribute.type === AttributeProto_AttributeType.SPARSE_TENSOR
          ? undefined
          : attribute.t;
      case "value_float":
        return create(TensorProtoSchema, { dataType: DataType.FLOAT, floatData: [attribute.f] });
      case "value_floats":
        return create(TensorProtoSchema, {
          dims: [BigInt(attribute.floats.length)],
          dataType: DataType.FLOAT,
          floatData: attribute.floats,
        });
      case "value_int":
        return create(TensorProtoSchema, {
          dataType: DataType.INT64,
          int64Data: [BigInt(intAttribute(node, "value_int", 0))],
        });
      case "value_ints":
        return create(TensorProtoSchema, {
          dims: [BigInt(attribute.ints.length)],
          dataType: DataType.INT64,
          int64Data: attribute.ints,
        });
      case "value_string":
        return create(TensorProtoSchema, { dataType: DataType.STRING, stringData: [attribute.s] });
      case "value_strings":
        return create(TensorProtoSchema, {
          dims: [BigInt(attribute.strings.length)],
          dataType: DataType.STRING,
          stringData: attribute.strings,
        });
    }
  }
  return undefined;
}
