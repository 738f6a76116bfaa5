import { quoteName } from "../../../check/quote-name.js";
import { isFloatType } from "../graph/element-type.js";
import type { GraphConstant, GraphIndex, TensorUse } from "../graph/graph-index.js";
import { describeNode } from "../graph/node-place.js";
import { subgraphsOf } from "../graph/outer-names.js";
import { tensorDims } from "../graph/tensor-values.js";
import { extentProduct } from "../shape/shape-context.js";
import type { FunctionProto, NodeProto } from "../wire/onnx_pb.js";
import type { Note } from "./note-list.js";
import type { LayerBinding } from "./onnx-model.js";
import { storedBytes } from "./quantized-parts.js";

function floatElements({ tensor, dims }: GraphConstant): number {
  return isFloatType(tensor.dataType) ? extentProduct(dims) : 0;
}

/** From how many elements a tensor that stays in float is worth a note. */
const NOTED_ELEMENTS = 256;

/** Operators that hand a weight on; what reads their output is noted for itself. */
const PASSING: ReadonlySet<string> = new Set(["Identity", "Transpose", "Cast"]);

/** Inputs from which on an operator takes numbers that are no weights: biases, scales, states. */
const FIRST_BIAS: Readonly<Record<string, number>> = {
  ...{ Conv: 2, ConvTranspose: 2, Gemm: 2, FusedConv: 2, FusedGemm: 2, Attention: 2 },
  ...{ LSTM: 3, GRU: 3, RNN: 3, EmbedLayerNormalization: 5 },
  ...{ BatchNormalization: 1, InstanceNormalization: 1, LayerNormalization: 1, PRelu: 1 },
  ...{ GroupNormalization: 1, RMSNormalization: 1, SimplifiedLayerNormalization: 1 },
  ...{ DequantizeLinear: 1, QuantizeLinear: 1, MatMulNBits: 2, GatherBlockQuantized: 2 },
  ...{ SkipLayerNormalization: 2, SkipSimplifiedLayerNormalization: 2, BiasGelu: 1, FastGelu: 1 },
};

/** Operators that take a vector for each channel at either side. */
const CHANNEL_WISE: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div"]);

function isBias(index: GraphIndex, { node, input }: TensorUse, dims: readonly number[]): boolean {
  const { opType } = index.graph.node[node]!;
  if (input >= (FIRST_BIAS[opType] ?? Number.POSITIVE_INFINITY)) return true;
  return CHANNEL_WISE.has(opType) && dims.filter((extent) => extent !== 1).length < 2;
}

/**
 * Notes the stored float tensors that are no layer's weights and no biases, with the operators that
 * read them. Notes also the operators that read a layer's weights in another way than as that
 * layer.
 * @param index of the flat graph, as the bindings
 * @param quantized tensors that are noted as quantized already
 */
export function noteFloatTensors(
  index: GraphIndex,
  bindings: readonly LayerBinding[],
  quantized: ReadonlySet<string>,
  note: Note,
): void {
  const layerWeights = new Set(bindings.map(({ weight }) => weight));
  for (const { layer, weight, uses } of bindings) {
    if (index.graph.output.some(({ name }) => name === weight))
      note(
        "the weights of the layer are an output of the graph too; it gives them dequantized",
        quoteName(layer),
      );
    const nodes = new Set(uses.map(({ node }) => node));
    for (const { node } of index.consumers.get(weight) ?? []) {
      const reader = index.graph.node[node]!;
      if (nodes.has(node) || PASSING.has(reader.opType)) continue;
      note(`also reads the weights of layer ${quoteName(layer)}`, describeNode(reader, node));
    }
  }
  const left: string[] = [];
  let elements = 0;
  for (const [name, constant] of index.constants) {
    if (layerWeights.has(name) || quantized.has(name)) continue;
    const count = floatElements(constant);
    const uses = index.consumers.get(name) ?? [];
    if (count < NOTED_ELEMENTS) continue;
    if (uses.length > 0 && uses.every((use) => isBias(index, use, constant.dims))) continue;
    const readers = uses.slice(0, 4).map(({ node }) => describeNode(index.graph.node[node]!, node));
    const by = readers.join(", ") || "nothing";
    left.push(`${quoteName(name)} [${constant.dims.join(", ")}], read by ${by}`);
    elements += count;
  }
  const all = elements.toLocaleString("en-US");
  for (const subject of left)
    note(
      `stored in float and no layer's weights, so it stays in float (${all} elements in all)`,
      subject,
    );
}

/** Floats that attributes of a node hold, as trees and linear models of `ai.onnx.ml` do. */
function attributeFloats({ attribute }: NodeProto): number {
  let count = 0;
  for (const { floats, t, tensors } of attribute) {
    count += floats.length;
    for (const tensor of [...(t === undefined ? [] : [t]), ...tensors])
      if (isFloatType(tensor.dataType)) count += extentProduct(tensorDims(tensor));
  }
  return count;
}

function bodyFloats(nodes: readonly NodeProto[]): number {
  let count = 0;
  for (const node of nodes) {
    count += attributeFloats(node);
    for (const graph of subgraphsOf(node)) {
      count += bodyFloats(graph.node);
      for (const { dataType, dims } of graph.initializer)
        if (isFloatType(dataType)) count += extentProduct(dims.map(Number));
    }
  }
  return count;
}

/**
 * Elements of all floats that are stored in a graph, in initializers, Constant nodes and
 * attributes, and in functions that it calls. Those of attributes and functions are noted.
 * @param index of the flat graph
 */
export function countFloatElements(
  index: GraphIndex,
  functions: readonly FunctionProto[],
  note: Note,
): number {
  let count = 0;
  for (const constant of index.constants.values()) count += floatElements(constant);
  index.graph.node.forEach((node, at) => {
    if (index.constants.has(node.output[0] ?? "")) return;
    const held = attributeFloats(node);
    count += held;
    if (held >= NOTED_ELEMENTS)
      note("holds its weights in attributes, which stay in float", describeNode(node, at));
  });
  for (const { name, node } of functions) {
    const held = bodyFloats(node);
    count += held;
    if (held >= NOTED_ELEMENTS)
      note("what local functions store stays in float", `function ${quoteName(name)}`);
  }
  return count;
}

/** Bytes of all stored tensors of other types: shapes, indices, and weights quantized already. */
export function countFixedBytes(index: GraphIndex): number {
  let bytes = 0;
  for (const constant of index.constants.values())
    if (!isFloatType(constant.tensor.dataType)) bytes += storedBytes(constant);
  return bytes;
}
