import { makeNode } from "../graph/make-node.js";
import { stringAttribute } from "../graph/node-attributes.js";
import type { ModelWithGraph } from "../wire/decode-model.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import { GraphEditor } from "./graph-editor.js";

/**
 * How an Einsum multiplies its first operand with a stored matrix from the right: with the matrix
 * as it is, or transposed. Undefined for other equations.
 */
function productOf(node: NodeProto): "plain" | "transposed" | undefined {
  const equation = stringAttribute(node, "equation", "").replaceAll(" ", "");
  const match = /^((?:\.\.\.)?)([A-Za-z]*)([A-Za-z]),([A-Za-z]{2})->\1\2([A-Za-z])$/.exec(equation);
  if (match === null || node.input.length !== 2) return undefined;
  const [, , rows = "", summed = "", matrix = "", channel = ""] = match;
  const letters = rows + summed + channel;
  if (new Set(letters).size !== letters.length) return undefined;
  if (matrix === summed + channel) return "plain";
  return matrix === channel + summed ? "transposed" : undefined;
}

/**
 * Writes each Einsum that multiplies with a stored matrix from the right as the MatMul that it is:
 * runtimes have integer kernels for that.
 * @param folded hears of every node that was changed
 */
export function plainProducts(
  proto: ModelWithGraph,
  folded: (operator: string) => void,
): ModelWithGraph {
  if (!proto.graph.node.some(({ opType }) => opType === "Einsum")) return proto;
  const editor = new GraphEditor(proto);
  for (const at of editor.order) {
    const node = editor.node(at);
    const product = node?.opType === "Einsum" ? productOf(node) : undefined;
    if (node === undefined || product === undefined) continue;
    const [x = "", matrix = ""] = node.input;
    if (editor.constant(matrix)?.dims.length !== 2 || editor.constant(x) !== undefined) continue;
    Object.assign(node, { opType: "MatMul", attribute: [] });
    let operand = matrix;
    if (product === "transposed") {
      operand = editor.fresh(`${matrix}_transposed`);
      editor.insertBefore(at, makeNode("Transpose", "", [matrix], [operand], { perm: [1, 0] }));
    }
    editor.setInputs(at, [x, operand]);
    folded("Einsum");
  }
  return editor.finish();
}
