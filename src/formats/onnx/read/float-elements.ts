import { quoteName } from "../../../check/quote-name.js";
import { constantTensor } from "../graph/constant-tensor.js";
import { isFloatType } from "../graph/element-type.js";
import { describeNode, type GraphIndex } from "../graph/graph-index.js";
import { subgraphsOf } from "../graph/outer-names.js";
import { checkTensor } from "../graph/tensor-values.js";
import { extentProduct } from "../shape/shape-context.js";
import type { GraphProto, TensorProto } from "../wire/onnx_pb.js";
import type { LayerBinding } from "./onnx-model.js";

function floatElements(tensor: TensorProto | undefined): number {
  return tensor !== undefined && isFloatType(tensor.dataType)
    ? extentProduct(checkTensor(tensor))
    : 0;
}

function inGraph(graph: GraphProto): number {
  let count = 0;
  for (const tensor of graph.initializer) count += floatElements(tensor);
  for (const node of graph.node) {
    if (node.opType === "Constant") count += floatElements(constantTensor(node));
    for (const subgraph of subgraphsOf(node)) count += inGraph(subgraph);
  }
  return count;
}

/** From how many elements a tensor that stays in float is worth a note. */
const NOTED_ELEMENTS = 1024;

/** Operators that hand a weight on; what reads their output is noted for itself. */
const PASSING: ReadonlySet<string> = new Set(["Identity", "Transpose", "Cast"]);

/**
 * Notes the stored float matrices that are no layer's weights, with the operators that read them.
 * Notes also the operators that read a layer's weights in another way than as that layer.
 */
export function noteFloatTensors(
  index: GraphIndex,
  bindings: readonly LayerBinding[],
  note: (text: string) => void,
): void {
  const layerWeights = new Set(bindings.map(({ weight }) => weight));
  for (const { layer, weight, uses } of bindings) {
    if (index.graph.output.some(({ name }) => name === weight))
      note(
        `the weights of layer ${quoteName(layer)} are an output of the graph too; it gives ` +
          "them dequantized",
      );
    const nodes = new Set(uses.map(({ node }) => node));
    for (const { node } of index.consumers.get(weight) ?? []) {
      const reader = index.graph.node[node]!;
      if (nodes.has(node) || PASSING.has(reader.opType)) continue;
      note(`${describeNode(reader, node)} also reads the weights of layer ${quoteName(layer)}`);
    }
  }
  for (const [name, { tensor, dims }] of index.constants) {
    if (layerWeights.has(name) || dims.length < 2 || floatElements(tensor) < NOTED_ELEMENTS)
      continue;
    const readers = (index.consumers.get(name) ?? []).slice(0, 4);
    const by =
      readers.map(({ node }) => describeNode(index.graph.node[node]!, node)).join(", ") ||
      "nothing";
    note(`tensor ${quoteName(name)} [${dims.join(", ")}] stays in float; it is read by ${by}`);
  }
}

/**
 * Elements of all float tensors stored in a graph and its subgraphs: initializers and Constant
 * nodes.
 * @throws InvalidModelError or UnsupportedError for a subgraph's tensor without its data in the
 *   file
 */
export function countFloatElements(graph: GraphProto, index: GraphIndex): number {
  let count = 0;
  for (const { tensor } of index.constants.values()) count += floatElements(tensor);
  for (const node of graph.node)
    for (const subgraph of subgraphsOf(node)) count += inGraph(subgraph);
  return count;
}
