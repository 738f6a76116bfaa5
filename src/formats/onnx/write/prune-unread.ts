import { outerNames } from "../graph/outer-names.js";
import type { GraphProto, NodeProto } from "../wire/onnx_pb.js";

/** The names of all tensors that nodes, their subgraphs or the graph's outputs read. */
export function readNames(graph: Pick<GraphProto, "node" | "output">): Set<string> {
  const read = new Set(graph.output.map(({ name }) => name));
  for (const node of graph.node) {
    for (const name of node.input) read.add(name);
    for (const name of outerNames(node)) read.add(name);
  }
  return read;
}

/**
 * The nodes without those that compute one of some tensors and are not read any more, and without
 * what only those read of them.
 * @param candidates tensors of nodes with one output
 */
export function pruneUnread(
  nodes: readonly NodeProto[],
  output: GraphProto["output"],
  candidates: ReadonlySet<string>,
): NodeProto[] {
  let kept = [...nodes];
  for (;;) {
    const read = readNames({ node: kept, output });
    const left = kept.filter((node) => {
      const name = node.output[0] ?? "";
      return !candidates.has(name) || read.has(name);
    });
    if (left.length === kept.length) return left;
    kept = left;
  }
}
