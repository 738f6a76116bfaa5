import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type NodeProto,
  NodeProtoSchema,
} from "../wire/onnx_pb.js";

/** A node of the default domain with integer attributes. */
export function makeNode(
  opType: string,
  name: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, number>> = {},
): NodeProto {
  return create(NodeProtoSchema, {
    opType,
    name,
    input: [...input],
    output: [...output],
    attribute: Object.entries(attributes).map(([key, value]) =>
      create(AttributeProtoSchema, {
        name: key,
        type: AttributeProto_AttributeType.INT,
        i: BigInt(value),
      }),
    ),
  });
}
