import type { FloatType } from "../../../deploy/storage.js";
import { intAttribute, intsAttribute } from "../graph/node-attributes.js";
import type { WeightUse } from "../read/onnx-model.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import { floatTypeOf } from "./float-types.js";

/** How an operator reads a stored weight tensor. */
export interface SeenWeight {
  /** Position among the operator's inputs. */
  readonly input: number;
  /** The operator reads the stored tensor itself. */
  readonly direct: boolean;
  /** Axis `i` of what it reads is axis `permutation[i]` of the stored tensor. */
  readonly permutation: readonly number[];
  /** The type that it reads. */
  readonly floatType: FloatType;
  /** Outputs of the nodes between, the operator's operand first. */
  readonly chain: readonly string[];
}

/**
 * Follows Identity, Transpose and Cast nodes from an operator back to its stored weights.
 * @param stored shape and type of the stored tensor
 */
export function seenWeight(
  node: NodeProto,
  use: WeightUse,
  tensor: string,
  stored: { readonly rank: number; readonly floatType: FloatType },
  producers: ReadonlyMap<string, NodeProto>,
): SeenWeight {
  const input = use.weightInput;
  let permutation = Array.from({ length: stored.rank }, (_, axis) => axis);
  let floatType: FloatType | undefined;
  let name = node.input[input]!;
  const direct = name === tensor;
  const chain: string[] = [];
  while (name !== tensor) {
    chain.push(name);
    const step = producers.get(name)!;
    if (step.opType === "Cast") floatType ??= floatTypeOf(intAttribute(step, "to", 0));
    if (step.opType === "Transpose") {
      const perm = intsAttribute(step, "perm") ?? [...permutation.keys()].reverse();
      permutation = permutation.map((axis) => perm[axis]!);
    }
    name = step.input[0]!;
  }
  return { input, direct, permutation, floatType: floatType ?? stored.floatType, chain };
}
