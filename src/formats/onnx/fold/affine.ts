import { isFloatType } from "../graph/element-type.js";
import { floatAttribute, intAttribute } from "../graph/node-attributes.js";
import { readFloatTensor } from "../graph/tensor-values.js";
import { extentProduct } from "../shape/shape-context.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import type { GraphEditor } from "./graph-editor.js";
import type { WorkBudget } from "./work-budget.js";

/** A node that computes `scale * x + shift` with stored numbers. */
export interface Affine {
  readonly operator: string;
  /** The tensor that it scales. */
  readonly x: string;
  /**
   * Shape of scale and shift as they broadcast from the last axis; undefined for normalization,
   * whose numbers stand along axis 1 of `x`, whatever its rank.
   */
  readonly dims: readonly number[] | undefined;
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

function stored(editor: GraphEditor, budget: WorkBudget, name: string) {
  const constant = editor.constant(name);
  if (constant === undefined || !isFloatType(constant.tensor.dataType)) return undefined;
  if (!budget.take(extentProduct(constant.dims))) return undefined;
  const data = readFloatTensor(constant.tensor, name, { allowNonFinite: true });
  return data.every(Number.isFinite) ? { dims: constant.dims, data } : undefined;
}

function normalization(
  node: NodeProto,
  editor: GraphEditor,
  budget: WorkBudget,
): Affine | undefined {
  // In training it computes statistics; `spatial` 0 (opset 7 and 8) has one for each position.
  if (intAttribute(node, "training_mode", 0) !== 0 || intAttribute(node, "spatial", 1) !== 1)
    return undefined;
  if (node.output.filter((name) => name !== "").length !== 1) return undefined;
  const [x = "", ...names] = node.input;
  const [gamma, beta, mean, variance] = names.map((name) => stored(editor, budget, name)?.data);
  if (!gamma || !beta || !mean || !variance) return undefined;
  const length = gamma.length;
  if ([beta, mean, variance].some((values) => values.length !== length)) return undefined;
  const epsilon = Math.fround(floatAttribute(node, "epsilon", 1e-5));
  const scale = Float64Array.from(gamma, (g, i) => g / Math.sqrt(variance[i]! + epsilon));
  const shift = Float64Array.from(beta, (b, i) => b - mean[i]! * scale[i]!);
  return { operator: node.opType, x, dims: undefined, scale, shift };
}

type Pair = readonly [scale: number, shift: number];

/** How each operator with a constant `c` scales and shifts what it reads at input 0, or at 1. */
const ARITHMETIC: Readonly<Record<string, readonly [(c: number) => Pair, (c: number) => Pair]>> = {
  Add: [(c) => [1, c], (c) => [1, c]],
  Sub: [(c) => [1, -c], (c) => [-1, c]],
  Mul: [(c) => [c, 0], (c) => [c, 0]],
  Div: [(c) => [1 / c, 0], () => [Number.NaN, 0]],
};

/**
 * A node as an {@link Affine}; undefined for what computes something else, or once the budget for
 * reading numbers is spent.
 */
export function affineOf(
  node: NodeProto,
  editor: GraphEditor,
  budget: WorkBudget,
): Affine | undefined {
  if (node.opType === "BatchNormalization") return normalization(node, editor, budget);
  const rules = ARITHMETIC[node.opType];
  if (rules === undefined || node.input.length !== 2) return undefined;
  const [a, b] = node.input as [string, string];
  if ((editor.constant(a) === undefined) === (editor.constant(b) === undefined)) return undefined;
  const position = editor.constant(a) === undefined ? 0 : 1;
  const constant = stored(editor, budget, node.input[1 - position]!);
  if (constant === undefined) return undefined;
  const pairs = Array.from(constant.data, rules[position]);
  return {
    operator: node.opType,
    x: node.input[position]!,
    dims: constant.dims,
    scale: Float64Array.from(pairs, ([scale]) => scale),
    shift: Float64Array.from(pairs, ([, shift]) => shift),
  };
}

/** One number for each channel; undefined where the numbers differ along another axis. */
export interface PerChannel {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/**
 * An {@link Affine} along the channels of a layer's output.
 * @param rank of the output; undefined when it is not known and at least 1
 * @param fromEnd place of the channel axis, 0 for the last
 */
export function perChannel(
  { dims, scale, shift }: Affine,
  channels: number,
  rank: number | undefined,
  fromEnd: number,
): PerChannel | undefined {
  if (!scale.every(Number.isFinite) || !shift.every(Number.isFinite)) return undefined;
  if (dims === undefined) {
    const isChannel = rank !== undefined && rank >= 2 && fromEnd === rank - 2;
    return isChannel && scale.length === channels ? { scale, shift } : undefined;
  }
  // More axes than the output has, or a longer one, would change the output's shape.
  if (dims.length > (rank ?? 1)) return undefined;
  const isChannelAxis = (axis: number) => dims.length - 1 - axis === fromEnd;
  if (dims.some((extent, axis) => extent !== 1 && !(isChannelAxis(axis) && extent === channels)))
    return undefined;
  if (scale.length === channels) return { scale, shift };
  return {
    scale: new Float64Array(channels).fill(scale[0]!),
    shift: new Float64Array(channels).fill(shift[0]!),
  };
}
