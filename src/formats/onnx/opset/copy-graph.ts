import type { AttributeProto, GraphProto, NodeProto, TensorProto } from "../wire/onnx_pb.js";

/**
 * A copy of one message whose fields can be set without touching the original. Everything inside
 * it, bytes and lists included, is shared; `clone` of the codec would copy the weights.
 */
export function copyMessage<T extends object>(message: T): T {
  // Defaults of proto2 fields live on the prototype, and "is this field set" means "is it an own
  // property".
  return Object.assign(Object.create(Object.getPrototypeOf(message) as object) as T, message);
}

function copyTensor(tensor: TensorProto): TensorProto {
  return copyMessage(tensor);
}

function copyAttribute(attribute: AttributeProto): AttributeProto {
  const copy = copyMessage(attribute);
  if (attribute.t !== undefined) copy.t = copyTensor(attribute.t);
  if (attribute.g !== undefined) copy.g = copyGraph(attribute.g);
  copy.graphs = attribute.graphs.map(copyGraph);
  return copy;
}

/** A copy of a node, its attributes and their subgraphs. */
export function copyNode(node: NodeProto): NodeProto {
  const copy = copyMessage(node);
  copy.input = [...node.input];
  copy.output = [...node.output];
  copy.attribute = node.attribute.map(copyAttribute);
  return copy;
}

/**
 * A copy of a graph down to its nodes and tensors; the tensors share their data with the original.
 */
export function copyGraph(graph: GraphProto): GraphProto {
  const copy = copyMessage(graph);
  copy.node = graph.node.map(copyNode);
  copy.initializer = graph.initializer.map(copyTensor);
  copy.input = [...graph.input];
  copy.output = [...graph.output];
  copy.valueInfo = [...graph.valueInfo];
  return copy;
}
