import { create } from "@bufbuild/protobuf";
import { copyMessage } from "../opset/copy-graph.js";
import {
  type GraphProto,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  type TypeProto_Tensor,
  type ValueInfoProto,
} from "../wire/onnx_pb.js";

function withTensorType(info: ValueInfoProto, tensor: TypeProto_Tensor): ValueInfoProto {
  const type = Object.assign(copyMessage(info.type!), {
    value: { case: "tensorType" as const, value: tensor },
  });
  return Object.assign(copyMessage(info), { type });
}

/**
 * A copy of a graph in which inputs without a shape have one of unknown extents.
 * @param rankOf the number of dimensions; undefined where it is not known
 */
export function withInputRanks(
  graph: GraphProto,
  rankOf: (input: string) => number | undefined,
): GraphProto {
  const copy = copyMessage(graph);
  copy.input = graph.input.map((info): ValueInfoProto => {
    const type = info.type?.value;
    const rank = rankOf(info.name);
    if (type?.case !== "tensorType" || type.value.shape !== undefined || rank === undefined)
      return info;
    const dim = Array.from({ length: rank }, () => create(TensorShapeProto_DimensionSchema));
    const shape = create(TensorShapeProtoSchema, { dim });
    return withTensorType(info, Object.assign(copyMessage(type.value), { shape }));
  });
  return copy;
}

/**
 * A copy of a graph whose inputs have a size where theirs is symbolic or unknown.
 * @param extentOf the size, 1 or more; undefined where there is none. `symbol` is the dimension's
 *   name in the file
 */
export function withInputExtents(
  graph: GraphProto,
  extentOf: (input: string, axis: number, symbol: string | undefined) => number | undefined,
): GraphProto {
  const copy = copyMessage(graph);
  copy.input = graph.input.map((info): ValueInfoProto => {
    const type = info.type?.value;
    if (type?.case !== "tensorType" || type.value.shape === undefined) return info;
    const shape = copyMessage(type.value.shape);
    shape.dim = shape.dim.map((dim, axis) => {
      const { value } = dim;
      if (value.case === "dimValue" && value.value >= 0n) return dim;
      const symbol = value.case === "dimParam" && value.value !== "" ? value.value : undefined;
      const extent = extentOf(info.name, axis, symbol);
      return extent === undefined
        ? dim
        : Object.assign(copyMessage(dim), {
            value: { case: "dimValue" as const, value: BigInt(extent) },
          });
    });
    return withTensorType(info, Object.assign(copyMessage(type.value), { shape }));
  });
  return copy;
}
