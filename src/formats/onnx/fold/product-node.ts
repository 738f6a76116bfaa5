import type { GraphIndex } from "../graph/graph-index.js";
import { findAttribute, intAttribute, isStandardDomain } from "../graph/node-attributes.js";
import type { NodeProto } from "../wire/onnx_pb.js";

/** A node that multiplies its input with stored weights, as folding sees it. */
export interface ProductNode {
  /** Name of the weights. */
  readonly weight: string;
  /** Name of the stored bias; undefined where there is none. */
  readonly bias: string | undefined;
  /** Output channels, axis 1 of the output. */
  readonly channels: number;
  /** Rank of the output. */
  readonly rank: number;
  /** The output channel that an element of the weights counts for. */
  channelOf(element: number): number;
  /** What the bias is multiplied with: 1 but for a Gemm's `beta`. */
  readonly biasScale: number;
}

/**
 * The product that a node computes, where an affine step on its channels can move into weights and
 * bias: Conv, ConvTranspose, and Gemm with stored weights, and a bias that is stored or absent.
 */
export function productNode(node: NodeProto, index: GraphIndex): ProductNode | undefined {
  if (!isStandardDomain(node.domain)) return undefined;
  const [, weight = "", bias = ""] = node.input;
  const dims = index.constants.get(weight)?.dims;
  if (dims === undefined || dims.length < 2 || dims.includes(0)) return undefined;
  if (bias !== "" && !index.constants.has(bias)) return undefined;
  const inner = dims.slice(2).reduce((product, extent) => product * extent, 1);
  const common = { weight, bias: bias === "" ? undefined : bias, biasScale: 1 };
  switch (node.opType) {
    case "Conv":
      return {
        ...common,
        channels: dims[0]!,
        rank: dims.length,
        channelOf: (element) => Math.floor(element / (dims[1]! * inner)),
      };
    case "ConvTranspose": {
      const groups = intAttribute(node, "group", 1);
      if (!(groups >= 1 && dims[0]! % groups === 0)) return undefined;
      const perGroup = dims[0]! / groups;
      return {
        ...common,
        channels: dims[1]! * groups,
        rank: dims.length,
        channelOf: (element) => {
          const row = Math.floor(element / inner);
          return Math.floor(row / dims[1]! / perGroup) * dims[1]! + (row % dims[1]!);
        },
      };
    }
    case "Gemm": {
      const biasScale = findAttribute(node, "beta")?.f ?? 1;
      const transposed = intAttribute(node, "transB", 0) !== 0;
      if (dims.length !== 2 || biasScale === 0) return undefined;
      return {
        ...common,
        channels: transposed ? dims[0]! : dims[1]!,
        rank: 2,
        channelOf: (element) => (transposed ? Math.floor(element / dims[1]!) : element % dims[1]!),
        biasScale,
      };
    }
    default:
      return undefined;
  }
}
