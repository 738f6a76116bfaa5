import { create } from "@bufbuild/protobuf";
import { makeNode } from "../graph/make-node.js";
import { makeTensor } from "../graph/make-tensor.js";
import { MICROSOFT } from "../graph/node-attributes.js";
import type { ModelNames } from "../opset/model-names.js";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  TensorProto_DataType as DataType,
  type NodeProto,
  type TensorProto,
} from "../wire/onnx_pb.js";
import type { GraphPart } from "./graph-writer.js";
import { scaleTensor } from "./scale-tensors.js";

/**
 * x * Sigmoid(x), or the Gelu function, as one operator: nodes that read one DequantizeLinear are
 * not fused by the runtime, which gives each a DequantizeLinear of its own.
 */
export function fusedNode(
  type: "SiLU" | "Gelu",
  input: string,
  output: string,
  names: ModelNames,
): NodeProto {
  const opType = type === "SiLU" ? "QuickGelu" : "Gelu";
  const node = makeNode(opType, names.fresh(`${output}_${opType}`), [input], [output]);
  node.domain = MICROSOFT;
  if (type === "Gelu") return node;
  node.attribute = [
    create(AttributeProtoSchema, { name: "alpha", type: AttributeProto_AttributeType.FLOAT, f: 1 }),
  ];
  return node;
}

/**
 * Clip(slope * x + offset, 0, 1) on codes: adding 0 and rounding to 256 steps between the bounds,
 * which are then read as steps between 0 and 1. ONNX Runtime has no integer kernel for HardSigmoid
 * and one for Add.
 */
export function gateNodes(
  input: string,
  output: string,
  { slope, offset }: { readonly slope: number; readonly offset: number },
  names: ModelNames,
): GraphPart {
  const initializers: TensorProto[] = [];
  const constant = (suffix: string, make: (name: string) => TensorProto) => {
    const tensor = make(names.fresh(`${output}_${suffix}`));
    initializers.push(tensor);
    return tensor.name;
  };
  const number = (suffix: string, x: number) =>
    constant(suffix, (name) => scaleTensor(name, [], Float32Array.of(x), false));
  const code = (suffix: string, x: number) =>
    constant(suffix, (name) => makeTensor(name, [], DataType.UINT8, Uint8Array.of(x)));
  const zero = code("zero", 0);
  const one = number("one", 1);
  const nodes: NodeProto[] = [];
  const emit = (opType: string, inputs: string[], made?: string) => {
    const name = made ?? names.fresh(`${output}_${opType}_output`);
    nodes.push(makeNode(opType, names.fresh(`${output}_${opType}`), inputs, [name]));
    return name;
  };
  const nothing = emit("DequantizeLinear", [zero, one, zero]);
  const sum = emit("Add", [input, nothing]);
  const codes = emit("QuantizeLinear", [
    sum,
    number("step", 1 / (255 * slope)),
    code("middle", Math.round(255 * offset)),
  ]);
  emit("DequantizeLinear", [codes, number("unit", 1 / 255), zero], output);
  return { initializers, nodes };
}
