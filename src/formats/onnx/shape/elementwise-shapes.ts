import { intAttribute } from "../graph/node-attributes.js";
import { axesOf } from "./layout-shapes.js";
import { broadcastShapes, resolveAxis, type Shape, type ShapeRule } from "./shape-context.js";

const sameAsFirst: ShapeRule = (node, context) => node.output.map(() => context.shape(node, 0));

const firstOnly: ShapeRule = (node, context) => [context.shape(node, 0)];

const broadcast: ShapeRule = (node, context) => {
  let out: Shape | undefined = [];
  for (let i = 0; i < node.input.length; i++) {
    const shape = context.shape(node, i);
    if (shape === undefined || out === undefined) return [];
    out = broadcastShapes(out, shape);
  }
  return [out];
};

const reduce: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const axes = axesOf(node, context, 1);
  if (x === undefined || axes === undefined) return [];
  const keep = intAttribute(node, "keepdims", 1) !== 0;
  if ((axes === null || axes.length === 0) && intAttribute(node, "noop_with_empty_axes", 0) === 1)
    return [x];
  const gone =
    axes === null || axes.length === 0
      ? new Set<number | undefined>(x.keys())
      : new Set(axes.map((axis) => resolveAxis(axis, x.length)));
  return [keep ? x.map((size, i) => (gone.has(i) ? 1 : size)) : x.filter((_, i) => !gone.has(i))];
};

const argReduce: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const axis = x && resolveAxis(intAttribute(node, "axis", 0), x.length);
  if (x === undefined || axis === undefined) return [];
  const keep = intAttribute(node, "keepdims", 1) !== 0;
  return [keep ? x.map((size, i) => (i === axis ? 1 : size)) : x.filter((_, i) => i !== axis)];
};

const topK: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const axis = x && resolveAxis(intAttribute(node, "axis", -1), x.length);
  const k = intAttribute(node, "k", undefined) ?? context.value(node, 1)?.data[0];
  if (x === undefined || axis === undefined || k === undefined) return [];
  const out = x.map((size, i) => (i === axis ? k : size));
  return [out, out];
};

const oneHot: ShapeRule = (node, context) => {
  const ids = context.shape(node, 0);
  const depth = context.value(node, 1)?.data[0];
  const axis = ids && resolveAxis(intAttribute(node, "axis", -1), ids.length + 1);
  return ids === undefined || depth === undefined || axis === undefined
    ? []
    : [[...ids.slice(0, axis), depth, ...ids.slice(axis)]];
};

const shapeOf: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  if (x === undefined) return [];
  return [[x.slice(intAttribute(node, "start", 0), intAttribute(node, "end", x.length)).length]];
};

const range: ShapeRule = (node, context) => {
  const [start, limit, delta] = [0, 1, 2].map((i) => context.value(node, i)?.data[0]);
  if (start === undefined || limit === undefined || delta === undefined || delta === 0) return [];
  return [[Math.max(0, Math.ceil((limit - start) / delta))]];
};

const SAME =
  "Identity Cast CastLike Relu LeakyRelu Elu Selu Celu ThresholdedRelu Sigmoid HardSigmoid " +
  "HardSwish Swish Tanh " +
  ("Softplus Softsign Gelu Mish Erf Exp Log Sqrt Reciprocal Abs Neg Sign Floor Ceil Round Not " +
    "BitwiseNot Sin Cos ") +
  ("Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh IsNaN IsInf Clip Softmax LogSoftmax " +
    "Hardmax Dropout ") +
  ("LRN LpNormalization MeanVarianceNormalization CumSum Trilu Shrink QuantizeLinear " +
    "DequantizeLinear ") +
  ("ScatterND ScatterElements Scatter ReverseSequence RotaryEmbedding TensorScatter EyeLike " +
    "RandomNormalLike ") +
  "RandomUniformLike Bernoulli";
const FIRST_ONLY =
  "BatchNormalization InstanceNormalization LayerNormalization GroupNormalization " +
  "RMSNormalization SimplifiedLayerNormalization " +
  "DynamicQuantizeLinear";
const BROADCAST =
  "Add Sub Mul Div Pow Mod And Or Xor Equal Less LessOrEqual Greater GreaterOrEqual PRelu " +
  "BitShift " +
  "BitwiseAnd BitwiseOr BitwiseXor Sum Mean Max Min Where";
const REDUCE =
  "ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum " +
  "ReduceLogSumExp " +
  "ReduceSumSquare";

function each(names: string, rule: ShapeRule): Record<string, ShapeRule> {
  return Object.fromEntries(names.split(" ").map((name) => [name, rule]));
}

/** Shape rules of operators that compute element by element, normalize, or reduce. */
export const ELEMENTWISE_RULES: Readonly<Record<string, ShapeRule>> = {
  ...each(SAME, sameAsFirst),
  ...each(FIRST_ONLY, firstOnly),
  ...each(BROADCAST, broadcast),
  ...each(REDUCE, reduce),
  ArgMax: argReduce,
  ArgMin: argReduce,
  TopK: topK,
  OneHot: oneHot,
  Shape: shapeOf,
  Size: () => [[]],
  Range: range,
  ConstantOfShape: (node, context) => [context.value(node, 0)?.data],
};
