import { constantTensor } from "./constant-tensor.js";
import { isFloatType } from "./element-type.js";
import type { GraphIndex } from "./graph-index.js";
import { subgraphsOf } from "./outer-names.js";
import { extentProduct } from "./shape/shape-context.js";
import { tensorDims } from "./tensor-values.js";
import type { GraphProto, TensorProto } from "./wire/onnx_pb.js";

function floatElements(tensor: TensorProto | undefined): number {
  return tensor !== undefined && isFloatType(tensor.dataType) ? extentProduct(tensorDims(tensor)) : 0;
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

/** Elements of all float tensors stored in a graph and its subgraphs: initializers and Constant nodes. */
export function countFloatElements(graph: GraphProto, index: GraphIndex): number {
  let count = 0;
  for (const { tensor } of index.constants.values()) count += floatElements(tensor);
  for (const node of graph.node) for (const subgraph of subgraphsOf(node)) count += inGraph(subgraph);
  return count;
}
