import { isFloatType, isIntegerType } from "../graph/element-type.js";
import { intAttribute, tensorAttribute } from "../graph/node-attributes.js";
import { readFloatTensor, readIntegerTensor } from "../graph/tensor-values.js";
import { LIMITS } from "../wire/limits.js";
import {
  TensorProto_DataType as DataType,
  type NodeProto,
  type TensorProto,
} from "../wire/onnx_pb.js";
import { ARITHMETIC } from "./fold-arithmetic.js";
import { permutationOf } from "./layout-shapes.js";
import {
  extentProduct,
  type FoldedTensor,
  resolveAxis,
  type Shape,
  type ShapeContext,
} from "./shape-context.js";
import { sliceRanges } from "./slice-ranges.js";

/**
 * Computes the one output of a node whose inputs are known; `dims` is the output's inferred shape.
 */
type FoldRule = (node: NodeProto, context: ShapeContext, dims: Shape) => FoldedTensor | undefined;

/**
 * A stored tensor as known values; undefined when it is not numeric or too large to compute with.
 */
export function foldedConstant(
  tensor: TensorProto,
  dims: Shape,
  name: string,
): FoldedTensor | undefined {
  if (extentProduct(dims) > LIMITS.foldedElements) return undefined;
  if (isIntegerType(tensor.dataType))
    return { dims, data: readIntegerTensor(tensor, name), integer: true };
  if (!isFloatType(tensor.dataType)) return undefined;
  return {
    dims,
    data: [...readFloatTensor(tensor, name, { allowNonFinite: true })],
    integer: false,
  };
}

/**
 * Row-major positions in a tensor of shape `dims`, given each axis's start and step in the flat
 * source.
 */
function gatherStrided(
  source: readonly number[],
  dims: Shape,
  offset: number,
  strides: readonly number[],
): number[] {
  let positions = [offset];
  dims.forEach((size, axis) => {
    const next: number[] = [];
    for (const position of positions)
      for (let i = 0; i < size; i++) next.push(position + i * strides[axis]!);
    positions = next;
  });
  return positions.map((position) => source[position]!);
}

function rowMajorStrides(dims: Shape): number[] {
  return dims.map((_, axis) => extentProduct(dims, axis + 1));
}

const sameData: FoldRule = (node, context, dims) => {
  const x = context.value(node, 0);
  return x && { ...x, dims };
};

const cast: FoldRule = (node, context, dims) => {
  const x = context.value(node, 0);
  if (x === undefined) return undefined;
  const to = intAttribute(node, "to", DataType.FLOAT);
  if (isFloatType(to)) return { dims, data: x.data, integer: false };
  if (!isIntegerType(to)) return undefined;
  const convert = to === DataType.BOOL ? (v: number) => (v === 0 ? 0 : 1) : Math.trunc;
  return { dims, data: x.data.map(convert), integer: true };
};

const shapeOf: FoldRule = (node, context, dims) => {
  const x = context.shape(node, 0);
  if (x === undefined) return undefined;
  const data = x.slice(intAttribute(node, "start", 0), intAttribute(node, "end", x.length));
  return { dims, data, integer: true };
};

const sizeOf: FoldRule = (node, context, dims) => {
  const x = context.shape(node, 0);
  return x && { dims, data: [extentProduct(x)], integer: true };
};

const gather: FoldRule = (node, context, dims) => {
  const x = context.value(node, 0);
  const ids = context.value(node, 1);
  const axis = x && resolveAxis(intAttribute(node, "axis", 0), x.dims.length);
  if (x === undefined || ids === undefined || axis === undefined) return undefined;
  const size = x.dims[axis]!;
  const inner = extentProduct(x.dims, axis + 1);
  const data: number[] = [];
  for (let outer = 0; outer < extentProduct(x.dims, 0, axis); outer++) {
    for (const id of ids.data) {
      const index = resolveAxis(id, size);
      if (index === undefined) return undefined;
      const start = (outer * size + index) * inner;
      data.push(...x.data.slice(start, start + inner));
    }
  }
  return { dims, data, integer: x.integer };
};

const concat: FoldRule = (node, context, dims) => {
  const parts: FoldedTensor[] = [];
  for (let i = 0; i < node.input.length; i++) {
    const part = context.value(node, i);
    if (part === undefined) return undefined;
    if (part.data.length > 0) parts.push(part);
  }
  const axis = resolveAxis(intAttribute(node, "axis", 1), dims.length);
  if (axis === undefined) return undefined;
  const data: number[] = [];
  let integer = true;
  for (let outer = 0; outer < extentProduct(dims, 0, axis); outer++) {
    for (const part of parts) {
      const length = extentProduct(part.dims, axis);
      data.push(...part.data.slice(outer * length, (outer + 1) * length));
      integer &&= part.integer;
    }
  }
  return { dims, data, integer };
};

const slice: FoldRule = (node, context, dims) => {
  const x = context.value(node, 0);
  const ranges = x && sliceRanges(node, context, x.dims);
  if (x === undefined || ranges === undefined) return undefined;
  const strides = rowMajorStrides(x.dims);
  const offset = ranges.reduce((sum, range, axis) => sum + range.start * strides[axis]!, 0);
  const steps = ranges.map((range, axis) => range.step * strides[axis]!);
  return { dims, data: gatherStrided(x.data, dims, offset, steps), integer: x.integer };
};

const transpose: FoldRule = (node, context, dims) => {
  const x = context.value(node, 0);
  const perm = x && permutationOf(node, x.dims.length);
  if (x === undefined || perm === undefined) return undefined;
  const strides = rowMajorStrides(x.dims);
  const moved = perm.map((axis) => strides[axis]!);
  return { dims, data: gatherStrided(x.data, dims, 0, moved), integer: x.integer };
};

const expand: FoldRule = (node, context, dims) => {
  const x = context.value(node, 0);
  if (x === undefined) return undefined;
  const padded = [...new Array<number>(dims.length - x.dims.length).fill(1), ...x.dims];
  const strides = rowMajorStrides(padded).map((stride, axis) => (padded[axis] === 1 ? 0 : stride));
  return { dims, data: gatherStrided(x.data, dims, 0, strides), integer: x.integer };
};

const constantOfShape: FoldRule = (node, _context, dims) => {
  const tensor = tensorAttribute(node, "value");
  const filled = tensor === undefined ? undefined : foldedConstant(tensor, [1], "value");
  if (tensor !== undefined && filled === undefined) return undefined;
  const value = filled?.data[0] ?? 0;
  return {
    dims,
    data: new Array<number>(extentProduct(dims)).fill(value),
    integer: filled?.integer ?? false,
  };
};

const range: FoldRule = (node, context, dims) => {
  const start = context.value(node, 0);
  const delta = context.value(node, 2)?.data[0];
  if (start === undefined || delta === undefined) return undefined;
  const first = start.data[0] ?? 0;
  const data = Array.from({ length: dims[0] ?? 0 }, (_, i) => first + i * delta);
  return { dims, data, integer: start.integer };
};

const reducer =
  (combine: (a: number, b: number) => number): FoldRule =>
  (node, context, dims) => {
    const x = context.value(node, 0);
    // Shape arithmetic reduces whole vectors; anything else is left unknown.
    if (x === undefined || x.data.length === 0 || extentProduct(dims) !== 1) return undefined;
    return { dims, data: [x.data.reduce(combine)], integer: x.integer };
  };

const FOLDS: ReadonlyMap<string, FoldRule> = new Map<string, FoldRule>([
  ...["Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout"].map(
    (name): [string, FoldRule] => [name, sameData],
  ),
  ["Cast", cast],
  ["Shape", shapeOf],
  ["Size", sizeOf],
  ["Gather", gather],
  ["Concat", concat],
  ["Slice", slice],
  ["Transpose", transpose],
  ["Expand", expand],
  ["ConstantOfShape", constantOfShape],
  ["Range", range],
  ["ReduceProd", reducer((a, b) => a * b)],
  ["ReduceSum", reducer((a, b) => a + b)],
  ["ReduceMax", reducer(Math.max)],
  ["ReduceMin", reducer(Math.min)],
]);

/**
 * The values of a node's first output where they follow from known inputs and are few; else
 * undefined.
 */
export function foldNode(
  node: NodeProto,
  context: ShapeContext,
  dims: Shape,
): FoldedTensor | undefined {
  const count = extentProduct(dims);
  if (count > LIMITS.foldedElements) return undefined;
  if (count === 0) return { dims, data: [], integer: true };
  const rule = FOLDS.get(node.opType);
  if (rule !== undefined) return rule(node, context, dims);
  const arithmetic = ARITHMETIC.get(node.opType);
  // No shape computation has a longer Max or Min; a hostile one would be slow.
  if (arithmetic === undefined || node.input.length > 8) return undefined;
  const inputs: FoldedTensor[] = [];
  for (let i = 0; i < node.input.length; i++) {
    const value = context.value(node, i);
    if (value === undefined) return undefined;
    inputs.push(value);
  }
  return arithmetic(inputs, dims);
}
