import { constantTensor } from "../graph/constant-tensor.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import { tensorDims } from "../graph/tensor-values.js";
import type { GraphProto, NodeProto } from "../wire/onnx_pb.js";

/** A tensor that a graph stores. */
export interface StoredTensor {
  readonly dims: readonly number[];
  /** TensorProto.DataType. */
  readonly dataType: number;
}

/** The first output of a node that has a name: it names the node at every opset. */
export function firstOutput(node: NodeProto): string {
  return node.output.find((name) => name !== "") ?? "";
}

/** The tensor that a Constant node stores; undefined for other nodes. */
function storedBy(node: NodeProto): ReturnType<typeof constantTensor> {
  return node.opType === "Constant" && isStandardDomain(node.domain)
    ? constantTensor(node)
    : undefined;
}

/** All tensors that the graph stores, in initializers and Constant nodes, by name. */
export function storedTensors(graph: GraphProto): Map<string, StoredTensor> {
  const stored = new Map<string, StoredTensor>();
  for (const node of graph.node) {
    const tensor = storedBy(node);
    const name = firstOutput(node);
    if (tensor !== undefined)
      stored.set(name, { dims: tensorDims(tensor, name), dataType: tensor.dataType });
  }
  for (const tensor of graph.initializer)
    stored.set(tensor.name, { dims: tensorDims(tensor), dataType: tensor.dataType });
  return stored;
}
