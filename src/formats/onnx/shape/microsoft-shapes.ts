import { intAttribute, intsAttribute } from "../graph/node-attributes.js";
import { ELEMENTWISE_RULES } from "./elementwise-shapes.js";
import { LAYOUT_RULES } from "./layout-shapes.js";
import { matMulShape, PRODUCT_RULES } from "./product-shapes.js";
import { resolveAxis, type Shape, type ShapeRule } from "./shape-context.js";
import { SPATIAL_RULES } from "./spatial-shapes.js";

/** A rule of an operator that has the operands of another one at other positions. */
const operandsAt =
  (rule: ShapeRule, ...positions: readonly number[]): ShapeRule =>
  (node, context) =>
    rule(node, {
      ...context,
      shape: (of, position) => context.shape(of, positions[position] ?? -1),
      value: (of, position) => context.value(of, positions[position] ?? -1),
    });

const first: ShapeRule = (node, context) => [context.shape(node, 0)];

const swapped = (x: Shape): Shape => [...x.slice(0, -2), ...x.slice(-2).reverse()];

const fusedMatMul: ShapeRule = (node, context) => {
  const a = context.shape(node, 0);
  const b = context.shape(node, 1);
  const flag = (name: string) => intAttribute(node, name, 0) !== 0;
  if (a === undefined || b === undefined || flag("transBatchA") || flag("transBatchB")) return [];
  const left = flag("transA") && a.length > 1 ? swapped(a) : a;
  const right = flag("transB") && b.length > 1 ? swapped(b) : b;
  return [matMulShape(left, right)];
};

/** Codes [N, blocks, bytes] of a matrix [K, N]. */
const matMulNBits: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const columns = intAttribute(node, "N", undefined);
  return x === undefined || x.length === 0 || columns === undefined
    ? []
    : [[...x.slice(0, -1), columns]];
};

/** Rows of packed codes: the last axis of uint8 data holds several codes a byte. */
const gatherBlockQuantized: ShapeRule = (node, context) => {
  const data = context.shape(node, 0);
  const ids = context.shape(node, 1);
  const scales = context.shape(node, 2);
  const axis = data && resolveAxis(intAttribute(node, "gather_axis", 0), data.length);
  const along = data && resolveAxis(intAttribute(node, "quantize_axis", 1), data.length);
  if (data === undefined || ids === undefined || axis === undefined || along === undefined)
    return [];
  const block = intAttribute(node, "block_size", 128);
  const perByte = 8 / intAttribute(node, "bits", 4);
  const blocks = scales?.[along] ?? 0;
  // Packed where the codes, one a byte, do not fill the blocks.
  const packed = Math.ceil(data[along]! / block) < blocks;
  const full = data.map((extent, at) => (packed && at === along ? extent * perByte : extent));
  return [[...full.slice(0, axis), ...ids, ...full.slice(axis + 1)]];
};

/** Attention over one projection [batch, sequence, in] by [in, q + k + v]. */
const attention: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const w = context.shape(node, 1);
  const past = context.shape(node, 4);
  const heads = intAttribute(node, "num_heads", 1);
  const sizes = intsAttribute(node, "qkv_hidden_sizes");
  const hidden = sizes?.[2] ?? (w === undefined ? undefined : w.at(-1)! / 3);
  if (x?.length !== 3 || hidden === undefined) return [];
  const total = x[1]! + (past?.[3] ?? 0);
  return [
    [x[0]!, x[1]!, hidden],
    [2, x[0]!, heads, total, hidden / heads],
  ];
};

/** Query [batch, sequence, width], or packed with key and value. */
const multiHeadAttention: ShapeRule = (node, context) => {
  const q = context.shape(node, 0);
  const k = context.shape(node, 1);
  const v = context.shape(node, 2);
  const past = context.shape(node, 6);
  const heads = intAttribute(node, "num_heads", 1);
  if (q === undefined) return [];
  const [batch, sequence] = q as [number, number];
  const width =
    q.length === 5
      ? q[2]! * q[4]!
      : v === undefined
        ? k?.length === 5
          ? q[2]!
          : undefined
        : v.length === 4
          ? v[1]! * v[3]!
          : v[2];
  if (width === undefined) return [];
  const keys = (k === undefined ? sequence : (k[k.length === 4 ? 2 : 1] ?? 1)) + (past?.[2] ?? 0);
  const cache = [batch, heads, keys, width / heads];
  return [[batch, sequence, width], cache, cache];
};

/** Query [batch, sequence, heads * size]; without a key it holds query, key and value. */
const groupQueryAttention: ShapeRule = (node, context) => {
  const q = context.shape(node, 0);
  const past = context.shape(node, 3);
  const heads = intAttribute(node, "num_heads", 1);
  const groups = intAttribute(node, "kv_num_heads", heads);
  if (q?.length !== 3) return [];
  const packed = (node.input[1] ?? "") === "";
  const size = packed ? q[2]! / (heads + 2 * groups) : q[2]! / heads;
  // The cache is written in place, or grows by the new positions.
  const cache = [q[0]!, groups, Math.max(past?.[2] ?? 0, q[1]!), size];
  return [[q[0]!, q[1]!, heads * size], cache, cache];
};

/** Ids [batch, sequence] looked up in tables of one width. */
const embedLayerNormalization: ShapeRule = (node, context) => {
  const ids = context.shape(node, 0);
  const table = context.shape(node, 2);
  if (ids?.length !== 2 || table?.length !== 2) return [];
  const out = [...ids, table[1]!];
  return [out, [ids[0]!], out];
};

/** The sum that is normalized is the last output. */
const skipNormalization: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const rows = x && [...x.slice(0, -1), 1];
  return [x, rows, rows, x];
};

/** Channels stand last where the attribute says so. */
const quantizedGlobalPool: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  if (x === undefined || x.length < 3) return [];
  const last = intAttribute(node, "channels_last", 0) !== 0 ? x.length - 1 : 1;
  return [x.map((extent, axis) => (axis === 0 || axis === last ? extent : 1))];
};

const quantizedConcat: ShapeRule = (node, context) => {
  const shapes: (Shape | undefined)[] = [];
  for (let at = 2; at < node.input.length; at += 3) shapes.push(context.shape(node, at));
  const axis = shapes[0] && resolveAxis(intAttribute(node, "axis", 0), shapes[0].length);
  if (axis === undefined || shapes.includes(undefined)) return [];
  const extent = shapes.reduce((sum, shape) => sum + (shape![axis] ?? Number.NaN), 0);
  return [shapes[0]!.map((size, at) => (at === axis ? extent : size))];
};

/** W [directions, I, 4H] and R [directions, H, 4H]. */
const dynamicQuantizeLstm: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const r = context.shape(node, 2);
  if (x?.length !== 3 || r?.length !== 3) return [];
  const state = [r[0]!, x[1]!, r[1]!];
  return [[x[0]!, r[0]!, x[1]!, r[1]!], state, state];
};

const { MatMul, Gemm } = PRODUCT_RULES as Record<string, ShapeRule>;
const { Conv } = SPATIAL_RULES as Record<string, ShapeRule>;
const { Add } = ELEMENTWISE_RULES as Record<string, ShapeRule>;

const SAME = [
  ...["Gelu", "FastGelu", "BiasGelu", "QuickGelu", "BiasSoftmax", "BiasDropout", "RotaryEmbedding"],
  ...["QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax", "QuantizeLinear", "DequantizeLinear"],
  ...["Inverse", "GroupNorm", "SkipGroupNorm", "BiasAdd", "Trilu"],
];

/**
 * Shape rules of what ONNX Runtime adds (docs/ContribOperators.md): fused operators as its
 * optimizer writes them, attention of its transformer tools, and quantized operators.
 */
export const MICROSOFT_RULES: Readonly<Record<string, ShapeRule>> = {
  ...Object.fromEntries(SAME.map((name) => [name, first])),
  FusedConv: Conv!,
  FusedMatMul: fusedMatMul,
  FusedMatMulActivation: fusedMatMul,
  TransposeMatMul: fusedMatMul,
  FusedGemm: Gemm!,
  GemmFastGelu: MatMul!,
  MatMulNBits: matMulNBits,
  MatMulBnb4: matMulNBits,
  MatMulFpQ4: matMulNBits,
  GatherBlockQuantized: gatherBlockQuantized,
  DynamicQuantizeMatMul: MatMul!,
  MatMulIntegerToFloat: MatMul!,
  MatMulInteger16: MatMul!,
  QGemm: operandsAt(Gemm!, 0, 3),
  QLinearAdd: operandsAt(Add!, 0, 3),
  QLinearMul: operandsAt(Add!, 0, 3),
  QLinearConcat: quantizedConcat,
  QLinearGlobalAveragePool: quantizedGlobalPool,
  QLinearAveragePool: (node, context) =>
    intAttribute(node, "channels_last", 0) !== 0 ? [] : SPATIAL_RULES.AveragePool!(node, context),
  QAttention: attention,
  Attention: attention,
  MultiHeadAttention: multiHeadAttention,
  DecoderMaskedMultiHeadAttention: multiHeadAttention,
  GroupQueryAttention: groupQueryAttention,
  EmbedLayerNormalization: embedLayerNormalization,
  SkipLayerNormalization: skipNormalization,
  SkipSimplifiedLayerNormalization: skipNormalization,
  DynamicQuantizeLSTM: dynamicQuantizeLstm,
  ExpandDims: (node, context) => {
    const axis = context.value(node, 1)?.data[0];
    const x = context.shape(node, 0);
    if (x === undefined || axis === undefined) return [];
    const at = axis < 0 ? axis + x.length + 1 : axis;
    return [[...x.slice(0, at), 1, ...x.slice(at)]];
  },
  Pad: LAYOUT_RULES.Pad!,
};

/** The channels, which blocks round up, in their plain order again. */
const reorderOutput: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const channels = intAttribute(node, "channels", 0);
  if (x === undefined || x.length < 2 || channels < 1) return [];
  const [batch, , ...places] = x as [number, number, ...number[]];
  const last = intAttribute(node, "channels_last", 0) !== 0;
  return [last ? [batch, ...places, channels] : [batch, channels, ...places]];
};

const reorderInput: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const last = intAttribute(node, "channels_last", 0) !== 0;
  return [last && x !== undefined ? [x[0]!, x.at(-1)!, ...x.slice(1, -1)] : x];
};

/** Shape rules of operators on blocks of channels; weights have their plain shape. */
export const BLOCKED_RULES: Readonly<Record<string, ShapeRule>> = {
  ReorderInput: reorderInput,
  ReorderOutput: reorderOutput,
  Conv: Conv!,
  ...Object.fromEntries(
    ["MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool"].map((name) => [
      name,
      SPATIAL_RULES[name]!,
    ]),
  ),
};

/** Shape rules of quantized operators of the standard. */
export const QUANTIZED_RULES: Readonly<Record<string, ShapeRule>> = {
  QLinearConv: operandsAt(Conv!, 0, 3),
  QLinearMatMul: operandsAt(MatMul!, 0, 3),
  ConvInteger: Conv!,
};
