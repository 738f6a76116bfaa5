import type { GraphProto, NodeProto } from "../wire/onnx_pb.js";

/** The graphs in a node's attributes: branches of If, bodies of Loop and Scan. */
export function subgraphsOf(node: NodeProto): GraphProto[] {
  const graphs: GraphProto[] = [];
  for (const attribute of node.attribute) {
    if (attribute.g !== undefined) graphs.push(attribute.g);
    graphs.push(...attribute.graphs);
  }
  return graphs;
}

function collect(graph: GraphProto, names: Set<string>): void {
  const inner = new Set<string>();
  const read = new Set<string>();
  for (const { name } of graph.input) inner.add(name);
  for (const { name } of graph.initializer) inner.add(name);
  for (const { values } of graph.sparseInitializer) inner.add(values?.name ?? "");
  for (const node of graph.node) {
    for (const name of node.output) inner.add(name);
    for (const name of node.input) read.add(name);
    for (const name of outerNames(node)) read.add(name);
  }
  for (const { name } of graph.output) read.add(name);
  for (const name of read) if (name !== "" && !inner.has(name)) names.add(name);
}

/**
 * The tensors that a node's subgraphs take from the graph around it (ONNX lets them see outer
 * names).
 */
export function outerNames(node: NodeProto): ReadonlySet<string> {
  const names = new Set<string>();
  for (const graph of subgraphsOf(node)) collect(graph, names);
  return names;
}
