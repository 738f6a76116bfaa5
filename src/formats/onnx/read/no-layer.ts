import { quoteName } from "../../../check/quote-name.js";
import { InvalidModelError, type QuantevoError, UnsupportedError } from "../../../errors.js";
import type { GraphIndex } from "../graph/graph-index.js";
import { BLOCKED_CHANNELS } from "../graph/node-attributes.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import { BLOCKED_NOTE } from "./find-layers.js";
import type { FlatGraph } from "./flat-graph.js";
import { layerOperator } from "./layer-operator.js";
import type { QuantizedParts } from "./quantized-parts.js";

/** Kinds that a message names; of the others the number is told. */
const NAMED = 6;

function counted(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const named = sorted.slice(0, NAMED).map(([text, count]) => `${count} ${text}`);
  const rest = sorted.length - NAMED;
  return `${named.join(", ")}${rest > 0 ? ` and ${rest} other kinds` : ""}`;
}

/** What stands where the weights of an operator would. */
function obstacle(
  flat: FlatGraph,
  index: GraphIndex,
  node: NodeProto,
  positions: readonly number[],
): string {
  const found = positions.map((position) => {
    const name = node.input[position] ?? "";
    if (flat.stored.has(name)) return "a tensor of the body of an If, Loop or Scan";
    const constant = index.constants.get(name);
    if (constant !== undefined) return `a stored tensor [${constant.dims.join(", ")}]`;
    const at = index.producers.get(name);
    return at === undefined
      ? "an input of the graph"
      : `what ${index.graph.node[at]!.opType} makes`;
  });
  return `${node.opType} with ${found.join(" and ")} as operand`;
}

/**
 * The error for a graph without a layer: what it has in their place.
 * @param quantized what is quantized already
 */
export function noLayerError(
  flat: FlatGraph,
  index: GraphIndex,
  quantized: QuantizedParts,
): QuantevoError {
  const { tensors, operators } = quantized;
  if (operators.length > 0) {
    const names = [...tensors].slice(0, NAMED).map(quoteName).join(", ");
    const where = operators.slice(0, NAMED).join(", ");
    return new UnsupportedError(
      [...tensors][0] ?? "graph.node",
      `the model has no layer to quantize: the weights ${names}${names && " "}are already ` +
        `quantized (${where}), and no others are stored in float; give the float model`,
    );
  }
  const nodes = index.graph.node.filter((_, at) => flat.nodeOf[at] !== -1 || flat.placeOf[at]);
  const near = nodes.flatMap((node) => {
    const operator = layerOperator(node);
    return operator === undefined ? [] : [obstacle(flat, index, node, operator.weights)];
  });
  const blocked = nodes.find(
    ({ domain, opType }) => domain === BLOCKED_CHANNELS && opType === "Conv",
  );
  if (blocked !== undefined)
    return new UnsupportedError(
      blocked.name,
      `the model has no layer to quantize: of Conv ${quoteName(blocked.name)}, ${BLOCKED_NOTE}`,
    );
  const found =
    near.length > 0 ? counted(near) : counted(nodes.map(({ opType }) => opType)) || "no node";
  return new InvalidModelError(
    "graph.node",
    "the model has no layer: a Conv, ConvTranspose, Gemm, MatMul, Einsum, Gather, LSTM, GRU or " +
      `RNN with stored float weights is needed; found: ${found}`,
  );
}
