import { copyMessage } from "../opset/copy-graph.js";
import { declaredDims } from "../shape/declared-shape.js";
import { withInputExtents } from "../shape/input-extents.js";
import type { GraphProto, ValueInfoProto } from "../wire/onnx_pb.js";

/**
 * A graph for shape inference that claims nothing about itself: inputs with an unknown extent have
 * no shape, and neither has anything that is computed. What is inferred from it holds for every
 * run.
 */
export function withoutClaims(graph: GraphProto): GraphProto {
  const copy = copyMessage(graph);
  copy.valueInfo = [];
  copy.output = [];
  copy.input = graph.input.map((info): ValueInfoProto => {
    const dims = declaredDims(info);
    if (dims?.every((extent) => typeof extent === "number") === true) return info;
    const bare = copyMessage(info);
    delete bare.type;
    return bare;
  });
  return copy;
}

/** Stands for every unknown extent; not 1, which Squeeze takes away. */
const PROBE_EXTENT = 2;

/** The same with an extent for every unknown one: ranks that follow from it hold for every run. */
export function withProbeExtents(graph: GraphProto): GraphProto {
  const copy = withInputExtents(graph, () => PROBE_EXTENT);
  copy.valueInfo = [];
  copy.output = [];
  return copy;
}
