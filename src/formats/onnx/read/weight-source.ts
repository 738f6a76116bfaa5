import { quoteName } from "../../../check/quote-name.js";
import { UnsupportedError } from "../../../errors.js";
import { isFloatType } from "../graph/element-type.js";
import type { GraphConstant, GraphIndex } from "../graph/graph-index.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import { permutationOf } from "../shape/layout-shapes.js";
import { LIMITS } from "../wire/limits.js";
import type { NodeProto } from "../wire/onnx_pb.js";

/** The stored tensor behind a node's weight operand. */
export interface WeightSource {
  /** Name of the stored tensor. */
  readonly name: string;
  readonly constant: GraphConstant;
  /** Shape as the node sees it. */
  readonly dims: readonly number[];
  /** The stored axis behind each axis that the node sees. */
  readonly storedAxis: readonly number[];
}

/**
 * Follows Identity, Transpose and float Cast nodes back from tensor `name` to a stored float
 * tensor; undefined when another operator or a graph input comes first.
 * @throws UnsupportedError when the weights are stored as a sparse tensor
 */
export function traceWeight(index: GraphIndex, name: string): WeightSource | undefined {
  const transposes: NodeProto[] = [];
  let current = name;
  for (let step = 0; step < LIMITS.weightChain; step++) {
    const constant = index.constants.get(current);
    if (constant !== undefined) {
      if (!isFloatType(constant.tensor.dataType)) return undefined;
      let storedAxis = [...constant.dims.keys()];
      for (const node of transposes) {
        const perm = permutationOf(node, constant.dims.length);
        if (perm === undefined) return undefined;
        storedAxis = storedAxis.map((axis) => perm[axis]!);
      }
      const dims = storedAxis.map((axis) => constant.dims[axis]!);
      return { name: current, constant, dims, storedAxis };
    }
    if (index.sparse.has(current)) {
      const message = `tensor ${quoteName(current)} is sparse; store it as a dense tensor`;
      throw new UnsupportedError(current, message);
    }
    const at = index.producers.get(current);
    const node = at === undefined ? undefined : index.graph.node[at];
    if (node === undefined || !isStandardDomain(node.domain)) return undefined;
    if (node.opType === "Transpose") transposes.push(node);
    else if (node.opType !== "Identity" && node.opType !== "Cast") return undefined;
    current = node.input[0] ?? "";
  }
  return undefined;
}
