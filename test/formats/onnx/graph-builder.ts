import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "../../../src/formats/onnx/wire/onnx_pb.js";

/** A number is an int, `{ f }` a float, an array of numbers ints, `{ floats }` floats. */
export type AttributeValue =
  | number
  | readonly number[]
  | string
  | { readonly f: number }
  | { readonly floats: readonly number[] }
  | TensorProto
  | GraphProto;

/** A named attribute of a node. */
export function attribute(name: string, value: AttributeValue): AttributeProto {
  const make = (type: AttributeProto_AttributeType, rest: object) =>
    create(AttributeProtoSchema, { name, type, ...rest });
  if (typeof value === "number")
    return make(AttributeProto_AttributeType.INT, { i: BigInt(value) });
  if (typeof value === "string")
    return make(AttributeProto_AttributeType.STRING, { s: new TextEncoder().encode(value) });
  if ("f" in value) return make(AttributeProto_AttributeType.FLOAT, { f: value.f });
  if ("floats" in value)
    return make(AttributeProto_AttributeType.FLOATS, { floats: [...value.floats] });
  if ("$typeName" in value) {
    return value.$typeName === "onnx.TensorProto"
      ? make(AttributeProto_AttributeType.TENSOR, { t: value })
      : make(AttributeProto_AttributeType.GRAPH, { g: value });
  }
  return make(AttributeProto_AttributeType.INTS, { ints: value.map(BigInt) });
}

/** A node; `name` defaults to empty, as many exporters leave it. */
export function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  name = "",
  domain = "",
): NodeProto {
  return create(NodeProtoSchema, {
    opType,
    name,
    domain,
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
  });
}

/**
 * A float32 initializer in `raw_data`; values default to 0.01, 0.02, ... with alternating signs.
 */
export function weights(
  name: string,
  dims: readonly number[],
  values?: ArrayLike<number>,
): TensorProto {
  const count = dims.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: count }, (_, i) =>
    values === undefined ? ((i % 2 === 0 ? 1 : -1) * ((i % 97) + 1)) / 100 : (values[i] ?? 0),
  );
  const rawData = new Uint8Array(count * 4);
  const view = new DataView(rawData.buffer);
  data.forEach((x, i) => {
    view.setFloat32(4 * i, x, true);
  });
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: TensorProto_DataType.FLOAT,
    rawData,
  });
}

/** An int64 initializer in `int64_data`; a scalar when `dims` is empty. */
export function integers(
  name: string,
  values: readonly number[],
  dims: readonly number[] = [values.length],
): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: TensorProto_DataType.INT64,
    int64Data: values.map(BigInt),
  });
}

/** A graph input, output or value_info; a string dimension is symbolic, null is unknown. */
export function value(
  name: string,
  dims: readonly (number | string | null)[],
  elemType: number = TensorProto_DataType.FLOAT,
): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: "tensorType" as const,
        value: {
          elemType,
          shape: {
            dim: dims.map((d) =>
              d === null
                ? { value: { case: undefined } }
                : typeof d === "string"
                  ? { value: { case: "dimParam" as const, value: d } }
                  : { value: { case: "dimValue" as const, value: BigInt(d) } },
            ),
          },
        },
      },
    },
  });
}

/** The parts of a graph. */
export interface GraphParts {
  readonly inputs?: readonly ValueInfoProto[];
  readonly outputs?: readonly ValueInfoProto[];
  readonly initializers?: readonly TensorProto[];
  readonly valueInfo?: readonly ValueInfoProto[];
  readonly nodes: readonly NodeProto[];
  readonly name?: string;
}

/** A graph, to be a model's or a subgraph. */
export function graph(parts: GraphParts): GraphProto {
  return create(GraphProtoSchema, {
    name: parts.name ?? "test",
    node: [...parts.nodes],
    input: [...(parts.inputs ?? [])],
    output: [...(parts.outputs ?? [])],
    initializer: [...(parts.initializers ?? [])],
    valueInfo: [...(parts.valueInfo ?? [])],
  });
}

/** A whole model (IR 8, opset 13 unless told). */
export function model(parts: GraphParts & { readonly opset?: number }): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: "graph-builder",
    opsetImport: [{ domain: "", version: BigInt(parts.opset ?? 13) }],
    graph: graph(parts),
  });
}

/** The model as file bytes. */
export function bytesOf(proto: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, proto);
}
