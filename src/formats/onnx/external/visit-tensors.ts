import type { AttributeProto, GraphProto, ModelProto, TensorProto } from "../wire/onnx_pb.js";

/** Hears of a tensor, and of a name for messages: a tensor in an attribute often has none. */
export type TensorVisitor = (tensor: TensorProto, name: string) => void;

/**
 * Visits every tensor of a model: initializers, sparse ones and Constants, in the graph, in graphs
 * within it, in functions and in what the file says about training. What it misses, a file could
 * use to name another file that nobody checks.
 */
export function visitTensors(model: ModelProto, visit: TensorVisitor): void {
  const inGraph = (graph: GraphProto | undefined) => {
    if (graph === undefined) return;
    for (const tensor of graph.initializer) visit(tensor, tensor.name);
    for (const { values, indices } of graph.sparseInitializer) {
      const name = values?.name ?? "";
      if (values !== undefined) visit(values, name);
      if (indices !== undefined) visit(indices, indices.name || `${name} (indices)`);
    }
    for (const { attribute, output } of graph.node) inAttributes(attribute, output[0] ?? "");
  };
  const inAttributes = (attributes: readonly AttributeProto[], name: string) => {
    for (const attribute of attributes) {
      const tensors = [attribute.t, ...attribute.tensors];
      for (const sparse of [attribute.sparseTensor, ...attribute.sparseTensors])
        tensors.push(sparse?.values, sparse?.indices);
      for (const tensor of tensors)
        if (tensor !== undefined) visit(tensor, tensor.name || name || attribute.name);
      for (const graph of [attribute.g, ...attribute.graphs]) inGraph(graph);
    }
  };
  inGraph(model.graph);
  for (const { node, attributeProto } of model.functions) {
    inAttributes(attributeProto, "");
    for (const { attribute, output } of node) inAttributes(attribute, output[0] ?? "");
  }
  for (const { initialization, algorithm } of model.trainingInfo) {
    inGraph(initialization);
    inGraph(algorithm);
  }
}
