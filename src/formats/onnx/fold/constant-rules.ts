import { intAttribute } from "../graph/node-attributes.js";
import { axesOf, permutationOf } from "../shape/layout-shapes.js";
import { resolveAxis, type Shape, type ShapeContext } from "../shape/shape-context.js";
import { sliceRanges } from "../shape/slice-ranges.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import { broadcastStrides, rowMajorStrides, visitStrided } from "./strided.js";

/** A stored float tensor, widened to float32. */
export interface FloatConstant {
  readonly dims: Shape;
  readonly data: Float32Array;
}

/** What a rule computes with. */
export interface ConstantContext extends ShapeContext {
  /** Input `position` as floats; undefined when it is no float32 or float16 constant. */
  floats(position: number): FloatConstant | undefined;
}

/**
 * Computes the outputs of a node all of whose inputs are stored; `dims` are the outputs' shapes.
 * Undefined when the node is none that is understood.
 */
export type ConstantRule = (
  node: NodeProto,
  context: ConstantContext,
  dims: readonly Shape[],
) => Float32Array[] | undefined;

const sizeOf = (dims: Shape) => dims.reduce((product, extent) => product * extent, 1);

const sameData: ConstantRule = (_node, context) => {
  const x = context.floats(0);
  return x && [x.data];
};

function gathered(x: FloatConstant, dims: Shape, strides: readonly number[], offset = 0) {
  const out = new Float32Array(sizeOf(dims));
  visitStrided(dims, strides, offset, (position, i) => {
    out[i] = x.data[position]!;
  });
  return out;
}

const transpose: ConstantRule = (node, context, [dims]) => {
  const x = context.floats(0);
  const perm = x && permutationOf(node, x.dims.length);
  if (x === undefined || perm === undefined) return undefined;
  const strides = rowMajorStrides(x.dims);
  return [
    gathered(
      x,
      dims!,
      perm.map((axis) => strides[axis]!),
    ),
  ];
};

const slice: ConstantRule = (node, context, [dims]) => {
  const x = context.floats(0);
  const ranges = x && sliceRanges(node, context, x.dims);
  if (x === undefined || ranges === undefined) return undefined;
  const strides = rowMajorStrides(x.dims);
  const offset = ranges.reduce((sum, { start }, axis) => sum + start * strides[axis]!, 0);
  const steps = ranges.map(({ step }, axis) => step * strides[axis]!);
  return [gathered(x, dims!, steps, offset)];
};

const expand: ConstantRule = (_node, context, [dims]) => {
  const x = context.floats(0);
  if (x === undefined || x.dims.length > dims!.length) return undefined;
  return [gathered(x, dims!, broadcastStrides(x.dims, dims!))];
};

const split: ConstantRule = (node, context, dims) => {
  const x = context.floats(0);
  const axis = x && resolveAxis(intAttribute(node, "axis", 0), x.dims.length);
  if (x === undefined || axis === undefined) return undefined;
  const strides = rowMajorStrides(x.dims);
  let start = 0;
  const parts = dims.map((shape) => {
    const part = gathered(x, shape, strides, start * strides[axis]!);
    start += shape[axis]!;
    return part;
  });
  return start === x.dims[axis] ? parts : undefined;
};

const concat: ConstantRule = (node, context, [dims]) => {
  const axis = resolveAxis(intAttribute(node, "axis", 1), dims!.length);
  if (axis === undefined) return undefined;
  const parts: FloatConstant[] = [];
  for (let position = 0; position < node.input.length; position++) {
    const part = context.floats(position);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  const out = new Float32Array(sizeOf(dims!));
  const outer = sizeOf(dims!.slice(0, axis));
  // Shapes of a broken file need not fit.
  if (parts.some(({ data }) => data.length % outer !== 0)) return undefined;
  if (parts.reduce((sum, { data }) => sum + data.length, 0) !== out.length) return undefined;
  let at = 0;
  for (let row = 0; row < outer; row++)
    for (const { data } of parts) {
      const length = data.length / outer;
      out.set(data.subarray(row * length, (row + 1) * length), at);
      at += length;
    }
  return at === out.length ? [out] : undefined;
};

const gather: ConstantRule = (node, context, [dims]) => {
  const x = context.floats(0);
  const ids = context.value(node, 1);
  const axis = x && resolveAxis(intAttribute(node, "axis", 0), x.dims.length);
  if (x === undefined || ids === undefined || axis === undefined) return undefined;
  const inner = sizeOf(x.dims.slice(axis + 1));
  const size = x.dims[axis]!;
  const out = new Float32Array(sizeOf(dims!));
  let at = 0;
  for (let outer = 0; outer < sizeOf(x.dims.slice(0, axis)); outer++)
    for (const id of ids.data) {
      const index = resolveAxis(id, size);
      if (index === undefined) return undefined;
      const start = (outer * size + index) * inner;
      out.set(x.data.subarray(start, start + inner), at);
      at += inner;
    }
  return [out];
};

const unary =
  (f: (x: number) => number): ConstantRule =>
  (_node, context) => {
    const x = context.floats(0);
    return x && [x.data.map(f)];
  };

const binary =
  (f: (a: number, b: number) => number): ConstantRule =>
  (node, context, [dims]) => {
    const a = context.floats(0);
    const b = context.floats(1);
    if (a === undefined || b === undefined || node.input.length !== 2) return undefined;
    const left = gathered(a, dims!, broadcastStrides(a.dims, dims!));
    visitStrided(dims!, broadcastStrides(b.dims, dims!), 0, (position, i) => {
      left[i] = f(left[i]!, b.data[position]!);
    });
    return [left];
  };

/** Sums over axes, in float64. */
const reduction =
  (term: (x: number) => number, finish: (sum: number, count: number) => number): ConstantRule =>
  (node, context, [dims]) => {
    const x = context.floats(0);
    const given = x && axesOf(node, context, 1);
    if (x === undefined || given === undefined || x.data.length === 0) return undefined;
    const all = given === null || given.length === 0;
    if (all && intAttribute(node, "noop_with_empty_axes", 0) === 1) return undefined;
    const axes = new Set(
      all ? x.dims.keys() : given.map((axis) => (axis < 0 ? axis + x.dims.length : axis)),
    );
    const kept = x.dims.map((extent, axis) => (axes.has(axis) ? 1 : extent));
    const sums = new Float64Array(sizeOf(kept));
    if (sums.length !== sizeOf(dims!)) return undefined;
    visitStrided(x.dims, broadcastStrides(kept, x.dims), 0, (position, i) => {
      sums[position]! += term(x.data[i]!);
    });
    const count = x.data.length / sums.length;
    return [Float32Array.from(sums, (sum) => finish(sum, count))];
  };

const ALWAYS_SAME = ["Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze"];

/**
 * What may stand between stored numbers and a weight operand: layout, casts, weight normalization,
 * scaling. Values are rounded after every operator, as the runtime rounds them.
 */
export const CONSTANT_RULES: ReadonlyMap<string, ConstantRule> = new Map<string, ConstantRule>([
  ...ALWAYS_SAME.map((name): [string, ConstantRule] => [name, sameData]),
  ["Transpose", transpose],
  ["Slice", slice],
  ["Split", split],
  ["Expand", expand],
  ["Concat", concat],
  ["Gather", gather],
  ["Add", binary((a, b) => a + b)],
  ["Sub", binary((a, b) => a - b)],
  ["Mul", binary((a, b) => a * b)],
  ["Div", binary((a, b) => a / b)],
  ["Pow", binary((a, b) => a ** b)],
  ["Sqrt", unary(Math.sqrt)],
  ["Neg", unary((x) => -x)],
  ["Abs", unary(Math.abs)],
  ["Reciprocal", unary((x) => 1 / x)],
  ["Exp", unary(Math.exp)],
  ["Tanh", unary(Math.tanh)],
  ["Sigmoid", unary((x) => 1 / (1 + Math.exp(-x)))],
  ["Softplus", unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))))],
  ["Relu", unary((x) => Math.max(x, 0))],
  ["Max", binary(Math.max)],
  ["Min", binary(Math.min)],
  [
    "ReduceSum",
    reduction(
      (x) => x,
      (sum) => sum,
    ),
  ],
  [
    "ReduceMean",
    reduction(
      (x) => x,
      (sum, count) => sum / count,
    ),
  ],
  [
    "ReduceSumSquare",
    reduction(
      (x) => x * x,
      (sum) => sum,
    ),
  ],
  ["ReduceL1", reduction(Math.abs, (sum) => sum)],
  ["ReduceL2", reduction((x) => x * x, Math.sqrt)],
]);

/** Operators behind which a weight that others read too is found where it is stored. */
export const PASSING: ReadonlySet<string> = new Set(["Identity", "Transpose", "Cast"]);
