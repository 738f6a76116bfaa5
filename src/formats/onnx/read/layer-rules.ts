import { LayerKind, type WeightLayout } from "../../../model/layer-spec.js";
import { intAttribute } from "../graph/node-attributes.js";
import { einsumTerms } from "../shape/einsum-terms.js";
import { extentProduct, resolveAxis, type Shape } from "../shape/shape-context.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import type { WeightUse } from "./onnx-model.js";
import type { AxisRoles } from "./stored-layout.js";
import type { WeightSource } from "./weight-source.js";

/** What a layer rule may ask about its node. */
export interface LayerContext {
  /** Shape of input `position`, as far as known. */
  inputShape(position: number): Shape | undefined;
  /** Shape of the first output, as far as known. */
  readonly outputShape: Shape | undefined;
  /** The stored weights behind input `position`, of rank 2 or more. */
  weight(position: number): WeightSource | undefined;
  /**
   * True when input `position` is a constant, or follows from one by Identity, Transpose and Cast.
   */
  isConstant(position: number): boolean;
  /** The shapes contradict each other: an error, or a note where they rest on a default. */
  contradiction(text: string, position: number): void;
  /** A shape is unknown and `text` says what is assumed. */
  assume(text: string): void;
}

/** A weight operand of a node, the other operands that belong to it, and the work done with it. */
export interface WeightOperand {
  readonly source: WeightSource;
  readonly kind: LayerKind;
  /** See {@link WeightUse}. */
  readonly use: Omit<WeightUse, "node">;
  /** Role of each axis as the node sees the weights. */
  readonly roles: readonly AxisRoles[];
  /** See {@link WeightLayout.inputGroups}; default 1. */
  readonly inputGroups?: number;
  readonly macs: number;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  /** Added to the node's name where a node has several weight operands. */
  readonly suffix: string;
}

/** Finds the weight operands of a node. */
export type LayerRule = (node: NodeProto, context: LayerContext) => WeightOperand[];

/** [batch, channels, place...] meets the weights of input 1; input 2 may be a bias. */
const CONVOLUTION: WeightOperand["use"] = {
  activationInput: 0,
  weightInput: 1,
  channelAxis: 1,
  sourceInput: 0,
  readsState: false,
  biasInput: 2,
};

/** The rule of Conv and what is fused with it. */
export const conv: LayerRule = (node, context) => {
  const source = context.weight(1);
  if (source === undefined || source.dims.length < 3 || context.isConstant(0)) return [];
  const [outputs, perGroup] = source.dims as [number, number];
  const spatial = source.dims.slice(2);
  const group = intAttribute(node, "group", 1);
  const x = context.inputShape(0);
  if (x !== undefined && (x.length !== source.dims.length || x[1] !== perGroup * group))
    context.contradiction(
      `input [${x}] does not fit weights [${source.dims}] in ${group} groups`,
      0,
    );
  if (group < 1 || outputs % group !== 0) {
    context.contradiction(`${outputs} output channels do not divide into ${group} groups`, 1);
    return [];
  }
  if (x !== undefined && context.outputShape === undefined)
    context.contradiction(`its window does not fit input [${x}]`, 0);
  if (x === undefined || context.outputShape === undefined)
    context.assume("one output position is counted");
  const ones = spatial.map(() => 1);
  const inputShape = x ?? [1, perGroup * group, ...ones];
  const outputShape = context.outputShape ?? [1, outputs, ...ones];
  return [
    {
      source,
      kind: group > 1 && perGroup === 1 ? LayerKind.DEPTHWISE_CONV : LayerKind.CONV,
      use: CONVOLUTION,
      roles: source.dims.map((_, axis) => (axis === 0 ? "channel" : "group")),
      ...(group > 1 && outputs % group === 0 && { inputGroups: group }),
      macs: extentProduct(outputShape) * perGroup * extentProduct(spatial),
      inputShape,
      outputShape,
      suffix: "",
    },
  ];
};

/**
 * Weights [I, O/g, kernel...]: every input position is multiplied with the whole kernel of its
 * channel. The first axis is [g, I/g]: each group of inputs has output channels of its own.
 */
const convTranspose: LayerRule = (node, context) => {
  const source = context.weight(1);
  if (source === undefined || source.dims.length < 3 || context.isConstant(0)) return [];
  const [inputs, perGroup] = source.dims as [number, number];
  const x = context.inputShape(0);
  if (x !== undefined && (x.length !== source.dims.length || x[1] !== inputs))
    context.contradiction(`input [${x}] does not fit weights [${source.dims}]`, 0);
  if (x === undefined) context.assume("one input position is counted");
  const ones = source.dims.slice(2).map(() => 1);
  const inputShape = x ?? [1, inputs, ...ones];
  const group = intAttribute(node, "group", 1);
  if (group < 1 || inputs % group !== 0) {
    context.contradiction(`${inputs} input channels do not divide into ${group} groups`, 1);
    return [];
  }
  const outputs = perGroup * group;
  const groups: AxisRoles[] = [
    [
      { role: "channel", extent: group },
      { role: "group", extent: inputs / group },
    ],
    "channel",
  ];
  const split = group > 1 && inputs % group === 0;
  return [
    {
      source,
      kind: LayerKind.CONV_TRANSPOSE,
      use: CONVOLUTION,
      roles: source.dims.map((_, axis) =>
        split ? (groups[axis] ?? "group") : ((["group", "channel"] as const)[axis] ?? "other"),
      ),
      ...(split && { inputGroups: group }),
      macs: extentProduct(inputShape) * perGroup * extentProduct(source.dims, 2),
      inputShape,
      outputShape: context.outputShape ?? [1, outputs, ...ones],
      suffix: "",
    },
  ];
};

/** Each matrix of a stack has channels of its own. */
function roleOfStack(axis: number, channelAxis: number, dims: readonly number[]): AxisRoles {
  return axis === channelAxis || dims[axis] !== 1 ? "channel" : "other";
}

/**
 * One side of a product is stored: `position` 1 is [.., K, N], 0 is [.., M, K], either may be
 * transposed.
 */
export function product(
  context: LayerContext,
  kind: LayerKind,
  position: 0 | 1,
  transposedWeight: boolean,
  transposedActivation: boolean,
  biasInput: number,
): WeightOperand[] {
  const source = context.weight(position);
  const other = 1 - position;
  if (source === undefined || context.isConstant(other)) return [];
  const rank = source.dims.length;
  const groupAxis = rank - ((position === 1) === transposedWeight ? 1 : 2);
  const channelAxis = groupAxis === rank - 1 ? rank - 2 : rank - 1;
  const depth = source.dims[groupAxis]!;
  const channels = source.dims[channelAxis]!;
  const x = context.inputShape(other);
  const alongLast = (position === 1) !== transposedActivation;
  if (x !== undefined) {
    const found = x.length < 2 || alongLast ? x.at(-1) : x.at(-2);
    if (found !== depth)
      context.contradiction(
        `activation [${x}] does not fit weights [${source.dims}]: ${found} against ${depth}`,
        other,
      );
  }
  if (x === undefined || context.outputShape === undefined)
    context.assume(`one row of ${depth} activations is counted`);
  const outputShape = context.outputShape ?? [1, channels];
  return [
    {
      source,
      kind,
      use: {
        activationInput: other,
        weightInput: position,
        channelAxis: alongLast ? -1 : -2,
        sourceInput: other,
        readsState: false,
        biasInput,
      },
      roles: source.dims.map((_, axis) =>
        axis === groupAxis ? "group" : roleOfStack(axis, channelAxis, source.dims),
      ),
      macs: extentProduct(outputShape) * depth,
      inputShape: x ?? [1, depth],
      outputShape,
      suffix: "",
    },
  ];
}

const matMul: LayerRule = (_node, context) => [
  ...product(context, LayerKind.MATMUL, 1, false, false, -1),
  ...product(context, LayerKind.MATMUL, 0, false, false, -1),
];

/** The rule of Gemm and what is fused with it. */
export const gemm: LayerRule = (node, context) => {
  const transA = intAttribute(node, "transA", 0) !== 0;
  const transB = intAttribute(node, "transB", 0) !== 0;
  return [
    ...product(context, LayerKind.GEMM, 1, transB, transA, 2),
    ...product(context, LayerKind.GEMM, 0, transA, transB, 2),
  ];
};

/**
 * A table [V, D] whose rows are looked up; no multiplications.
 * @param position input of the table
 * @param ids input of the rows that are looked up
 */
export function tableOperand(
  context: LayerContext,
  position: number,
  ids: number,
  suffix: string,
): WeightOperand[] {
  const source = context.weight(position);
  if (source?.dims.length !== 2) return [];
  const found = context.inputShape(ids);
  if (found === undefined) context.assume("one look-up is counted");
  const inputShape = found ?? [1];
  return [
    {
      source,
      kind: LayerKind.EMBEDDING,
      use: {
        activationInput: -1,
        weightInput: position,
        channelAxis: -1,
        sourceInput: ids,
        readsState: false,
        biasInput: -1,
      },
      roles: ["channel", "group"],
      macs: 0,
      inputShape,
      outputShape: context.outputShape ?? [...inputShape, source.dims[1]!],
      suffix,
    },
  ];
}

const embedding: LayerRule = (node, context) =>
  resolveAxis(intAttribute(node, "axis", 0), 2) === 0 ? tableOperand(context, 0, 1, "") : [];

/**
 * W [directions, gates*H, I] meets the input, R [directions, gates*H, H] the state, at every step.
 */
const recurrent: LayerRule = (node, context) => {
  const x = context.inputShape(0);
  if (x === undefined) context.assume("one step is counted");
  const operands: WeightOperand[] = [];
  for (const [position, suffix] of [
    [1, "/W"],
    [2, "/R"],
  ] as const) {
    const source = context.weight(position);
    if (source?.dims.length !== 3 || (position === 1 && context.isConstant(0))) continue;
    const [directions, , width] = source.dims as [number, number, number];
    if (x !== undefined && (x.length !== 3 || (position === 1 && x[2] !== width)))
      context.contradiction(`input [${x}] does not fit weights [${source.dims}]`, 0);
    const shape = x?.length === 3 ? x : [1, 1, width];
    const batch = (intAttribute(node, "layout", 0) === 1 ? shape[0] : shape[1]) ?? 1;
    const hidden = context.weight(2)?.dims[2] ?? 1;
    operands.push({
      source,
      kind: LayerKind.RECURRENT,
      use: {
        activationInput: position === 1 ? 0 : -1,
        weightInput: position,
        channelAxis: -1,
        sourceInput: 0,
        readsState: position === 2,
        biasInput: 3,
      },
      roles: [roleOfStack(0, 1, source.dims), "channel", "group"],
      macs: extentProduct(shape, 0, 2) * extentProduct(source.dims),
      inputShape: position === 1 ? shape : [directions, batch, width],
      outputShape: context.outputShape ?? [shape[0]!, directions, shape[1]!, hidden],
      suffix,
    });
  }
  return operands;
};

/**
 * A product written as an equation. What the result has and the activation has not are channels;
 * what the activation has and the result has not is summed over.
 */
const einsum: LayerRule = (node, context) => {
  if (node.input.length !== 2) return [];
  const position = [1, 0].find((at) => context.weight(at) !== undefined);
  if (position === undefined || context.isConstant(1 - position)) return [];
  const source = context.weight(position)!;
  const other = 1 - position;
  const x = context.inputShape(other);
  if (x === undefined) return [];
  const ranks = position === 1 ? [x.length, source.dims.length] : [source.dims.length, x.length];
  const terms = einsumTerms(node, ranks);
  const activation = terms?.operands[other];
  const weight = terms?.operands[position];
  if (terms === undefined || activation === undefined || weight === undefined) return [];
  if (new Set(weight).size !== weight.length || new Set(activation).size !== activation.length)
    return [];
  const roles = weight.map((name, axis): AxisRoles => {
    if (!terms.result.includes(name)) return "group";
    return activation.includes(name) && source.dims[axis] === 1 ? "other" : "channel";
  });
  const isChannel = (name: string) => terms.result.includes(name) && !activation.includes(name);
  if (!weight.some(isChannel) || !roles.includes("group")) return [];
  const extents = new Map(activation.map((name, axis) => [name, x[axis]!]));
  weight.forEach((name, axis) => {
    const found = extents.get(name) ?? 1;
    const extent = source.dims[axis]!;
    if (found !== extent && found !== 1 && extent !== 1)
      context.contradiction(`activation [${x}] does not fit weights [${source.dims}]`, other);
    extents.set(name, Math.max(found, extent));
  });
  const summed = activation.findLastIndex((name) => !terms.result.includes(name));
  return [
    {
      source,
      kind: LayerKind.MATMUL,
      use: {
        activationInput: other,
        weightInput: position,
        channelAxis: summed - activation.length,
        sourceInput: other,
        readsState: false,
        biasInput: -1,
      },
      roles,
      macs: [...extents.values()].reduce((count, extent) => count * extent, 1),
      inputShape: x,
      outputShape: context.outputShape ?? terms.result.map((name) => extents.get(name)!),
      suffix: "",
    },
  ];
};

/** A layer rule, and the inputs at which weights may stand. */
export interface LayerOperator {
  readonly find: LayerRule;
  readonly weights: readonly number[];
}

const operator = (find: LayerRule, ...weights: readonly number[]): LayerOperator => ({
  find,
  weights,
});

/** The operators of the standard whose constant operands are layers. */
export const LAYER_OPERATORS: ReadonlyMap<string, LayerOperator> = new Map([
  ["Conv", operator(conv, 1)],
  ["ConvTranspose", operator(convTranspose, 1)],
  ["MatMul", operator(matMul, 1, 0)],
  ["Gemm", operator(gemm, 1, 0)],
  ["Einsum", operator(einsum, 1, 0)],
  ["Gather", operator(embedding, 0)],
  ["LSTM", operator(recurrent, 1, 2)],
  ["GRU", operator(recurrent, 1, 2)],
  ["RNN", operator(recurrent, 1, 2)],
]);
