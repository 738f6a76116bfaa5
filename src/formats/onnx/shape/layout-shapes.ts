import { intAttribute, intsAttribute } from "../graph/node-attributes.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import {
  broadcastShapes,
  extentProduct,
  resolveAxis,
  type Shape,
  type ShapeContext,
  type ShapeRule,
} from "./shape-context.js";
import { sliceRanges } from "./slice-ranges.js";

/**
 * Axes from an attribute, or from an input where later opsets moved them; null when neither is
 * there.
 */
export function axesOf(
  node: NodeProto,
  context: ShapeContext,
  position: number,
): readonly number[] | null | undefined {
  const attribute = intsAttribute(node, "axes");
  if (attribute !== undefined) return attribute;
  return (node.input[position] ?? "") === "" ? null : context.value(node, position)?.data;
}

/**
 * The shape that Reshape's second input asks for: 0 copies (unless `allowZero`), one -1 takes the
 * rest.
 */
export function reshapeTarget(
  x: Shape,
  wanted: readonly number[],
  allowZero: boolean,
): Shape | undefined {
  const out = wanted.map((extent, i) => (extent === 0 && !allowZero ? (x[i] ?? 0) : extent));
  const free = out.indexOf(-1);
  if (free < 0) return extentProduct(out) === extentProduct(x) ? out : undefined;
  const rest = out.reduce((product, extent, i) => (i === free ? product : product * extent), 1);
  const total = extentProduct(x);
  if (rest === 0 || total % rest !== 0) return undefined;
  out[free] = total / rest;
  return out;
}

const reshape: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const wanted = context.value(node, 1)?.data ?? intsAttribute(node, "shape");
  if (wanted === undefined) return [];
  if (x !== undefined) return [reshapeTarget(x, wanted, intAttribute(node, "allowzero", 0) === 1)];
  return wanted.every((extent) => extent > 0) ? [wanted] : [];
};

const flatten: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  if (x === undefined) return [];
  const given = intAttribute(node, "axis", 1);
  const axis = given < 0 ? given + x.length : given;
  return [[extentProduct(x, 0, Math.min(axis, x.length)), extentProduct(x, Math.max(axis, 0))]];
};

/** `x` without the given axes, or without all of extent 1 when there are none given. */
export function squeezed(x: Shape, axes: readonly number[] | null): Shape {
  if (axes === null) return x.filter((extent) => extent !== 1);
  const gone = new Set(axes.map((axis) => resolveAxis(axis, x.length)));
  return x.filter((_, axis) => !gone.has(axis));
}

/** `x` with extents of 1 put in, so that they stand at the given axes of the result. */
export function unsqueezed(x: Shape, axes: readonly number[]): Shape | undefined {
  const rank = x.length + axes.length;
  const fresh = new Set(axes.map((axis) => resolveAxis(axis, rank)));
  if (fresh.has(undefined) || fresh.size !== axes.length) return undefined;
  let next = 0;
  return Array.from({ length: rank }, (_, axis) => (fresh.has(axis) ? 1 : x[next++]!));
}

const squeeze: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const axes = axesOf(node, context, 1);
  return x === undefined || axes === undefined ? [] : [squeezed(x, axes)];
};

const unsqueeze: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const axes = axesOf(node, context, 1);
  return x === undefined || axes === undefined || axes === null ? [] : [unsqueezed(x, axes)];
};

/** The permutation of a Transpose node; the default reverses. Undefined when it is none. */
export function permutationOf(node: NodeProto, rank: number): readonly number[] | undefined {
  const perm = intsAttribute(node, "perm") ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const valid =
    perm.length === rank && new Set(perm).size === rank && perm.every((p) => p >= 0 && p < rank);
  return valid ? perm : undefined;
}

const transpose: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  if (x === undefined) return [];
  return [permutationOf(node, x.length)?.map((axis) => x[axis]!)];
};

const concat: ShapeRule = (node, context) => {
  const shapes = node.input.map((_, i) => context.shape(node, i));
  const first = shapes[0];
  const axis = first && resolveAxis(intAttribute(node, "axis", 1), first.length);
  if (axis === undefined || first === undefined) return [];
  let extent = 0;
  for (const shape of shapes) {
    if (shape === undefined || shape.length !== first.length) return [];
    extent += shape[axis]!;
  }
  return [first.map((size, i) => (i === axis ? extent : size))];
};

const split: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const axis = x && resolveAxis(intAttribute(node, "axis", 0), x.length);
  if (x === undefined || axis === undefined) return [];
  const parts = node.output.length;
  const even = Math.ceil(x[axis]! / parts);
  const given = intsAttribute(node, "split") ?? context.value(node, 1)?.data;
  if (given === undefined && (node.input[1] ?? "") !== "") return [];
  return node.output.map((_, part) => {
    const last = x[axis]! - even * (parts - 1);
    const extent = given === undefined ? (part === parts - 1 ? last : even) : given[part];
    return extent === undefined ? undefined : x.map((size, i) => (i === axis ? extent : size));
  });
};

const slice: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const ranges = x && sliceRanges(node, context, x);
  return ranges === undefined ? [] : [ranges.map((range) => range.count)];
};

const expand: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const wanted = context.value(node, 1);
  return x === undefined || wanted === undefined ? [] : [broadcastShapes(x, wanted.data)];
};

const tile: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const repeats = context.value(node, 1)?.data;
  return x === undefined || repeats?.length !== x.length
    ? []
    : [x.map((size, i) => size * repeats[i]!)];
};

const pad: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const pads = intsAttribute(node, "pads") ?? context.value(node, 1)?.data;
  if (x === undefined || pads === undefined) return [];
  const given = (node.input[3] ?? "") === "" ? x.map((_, i) => i) : context.value(node, 3)?.data;
  if (given === undefined || pads.length !== 2 * given.length) return [];
  const out = [...x];
  given.forEach((axis, i) => {
    const resolved = resolveAxis(axis, x.length);
    if (resolved !== undefined) out[resolved] = out[resolved]! + pads[i]! + pads[given.length + i]!;
  });
  return [out];
};

const gather: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const ids = context.shape(node, 1);
  const axis = x && resolveAxis(intAttribute(node, "axis", 0), x.length);
  if (x === undefined || ids === undefined || axis === undefined) return [];
  return [[...x.slice(0, axis), ...ids, ...x.slice(axis + 1)]];
};

const gatherNd: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const ids = context.shape(node, 1);
  const depth = ids?.at(-1);
  if (x === undefined || ids === undefined || depth === undefined) return [];
  return [[...ids.slice(0, -1), ...x.slice(intAttribute(node, "batch_dims", 0) + depth)]];
};

/** Shape rules of operators that move elements without computing on them. */
export const LAYOUT_RULES: Readonly<Record<string, ShapeRule>> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  Gather: gather,
  GatherND: gatherNd,
  GatherElements: (node, context) => [context.shape(node, 1)],
};
