import {
  floatsAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
} from "../graph/node-attributes.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import type { Shape, ShapeContext, ShapeRule } from "./shape-context.js";

/** Window attributes of a convolution or pool, one entry per spatial axis, defaults filled in. */
function windowOf(node: NodeProto, rank: number) {
  const ones = new Array<number>(rank).fill(1);
  return {
    strides: intsAttribute(node, "strides") ?? ones,
    dilations: intsAttribute(node, "dilations") ?? ones,
    pads: intsAttribute(node, "pads") ?? new Array<number>(2 * rank).fill(0),
    autoPad: stringAttribute(node, "auto_pad", "NOTSET"),
  };
}

/** Extents after a sliding window, by the formulas of the Conv and MaxPool operators. */
function slide(
  node: NodeProto,
  spatial: Shape,
  kernel: Shape,
  ceil: boolean,
): number[] | undefined {
  const { strides, dilations, pads, autoPad } = windowOf(node, spatial.length);
  if (kernel.length !== spatial.length) return undefined;
  const out: number[] = [];
  for (let i = 0; i < spatial.length; i++) {
    const size = spatial[i]!;
    const stride = strides[i] ?? 0;
    const span = (kernel[i]! - 1) * (dilations[i] ?? 1) + 1;
    if (stride < 1) return undefined;
    if (autoPad.startsWith("SAME")) {
      out.push(Math.ceil(size / stride));
      continue;
    }
    const begin = autoPad === "VALID" ? 0 : (pads[i] ?? 0);
    const end = autoPad === "VALID" ? 0 : (pads[spatial.length + i] ?? 0);
    const steps = (size + begin + end - span) / stride;
    let extent = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // A window that would start in the padding at the end does not count.
    if (ceil && (extent - 1) * stride >= size + begin) extent--;
    if (extent < 1) return undefined;
    out.push(extent);
  }
  return out;
}

const conv: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const w = context.shape(node, 1);
  if (x === undefined || w === undefined || x.length < 3 || w.length !== x.length) return [];
  const spatial = slide(node, x.slice(2), intsAttribute(node, "kernel_shape") ?? w.slice(2), false);
  return spatial === undefined ? [] : [[x[0]!, w[0]!, ...spatial]];
};

const convTranspose: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const w = context.shape(node, 1);
  if (x === undefined || w === undefined || x.length < 3 || w.length !== x.length) return [];
  const rank = x.length - 2;
  const { strides, dilations, pads, autoPad } = windowOf(node, rank);
  const padding = intsAttribute(node, "output_padding");
  const group = intAttribute(node, "group", 1);
  if (group < 1) return [];
  const channels = w[1]! * group;
  const fixed = intsAttribute(node, "output_shape");
  if (fixed !== undefined) return [[x[0]!, channels, ...fixed.slice(-rank)]];
  const spatial = x.slice(2).map((size, i) => {
    const stride = strides[i] ?? 1;
    if (autoPad.startsWith("SAME")) return size * stride;
    const span = (w[2 + i]! - 1) * (dilations[i] ?? 1) + 1;
    const cut = autoPad === "VALID" ? 0 : (pads[i] ?? 0) + (pads[rank + i] ?? 0);
    return stride * (size - 1) + (padding?.[i] ?? 0) + span - cut;
  });
  return [[x[0]!, channels, ...spatial]];
};

const pool: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const kernel = intsAttribute(node, "kernel_shape");
  if (x === undefined || kernel === undefined || x.length < 3) return [];
  const spatial = slide(node, x.slice(2), kernel, intAttribute(node, "ceil_mode", 0) === 1);
  if (spatial === undefined) return [];
  const out = [x[0]!, x[1]!, ...spatial];
  return [out, out];
};

const globalPool: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  return x === undefined || x.length < 3 ? [] : [[x[0]!, x[1]!, ...x.slice(2).map(() => 1)]];
};

function scaled(x: Shape, scales: readonly number[], axes: readonly number[]): Shape | undefined {
  if (scales.length !== axes.length) return undefined;
  const out = [...x];
  axes.forEach((axis, i) => {
    out[axis] = Math.floor(x[axis]! * scales[i]!);
  });
  return out;
}

function resize(node: NodeProto, context: ShapeContext): (Shape | undefined)[] {
  const x = context.shape(node, 0);
  if (x === undefined) return [];
  const all = x.map((_, axis) => axis);
  const axes =
    intsAttribute(node, "axes")?.map((axis) => (axis < 0 ? axis + x.length : axis)) ?? all;
  if (axes.some((axis) => all[axis] === undefined)) return [];
  const scales = context.value(node, context.opset < 11 ? 1 : 2);
  if (scales !== undefined && scales.data.length > 0) return [scaled(x, scales.data, axes)];
  const sizes = context.value(node, 3);
  if (sizes === undefined || sizes.data.length !== axes.length) return [];
  const out = [...x];
  axes.forEach((axis, i) => {
    out[axis] = sizes.data[i]!;
  });
  return [out];
}

const upsample: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const scales = floatsAttribute(node, "scales") ?? context.value(node, 1)?.data;
  return x === undefined || scales === undefined ? [] : [scaled(x, scales, [...x.keys()])];
};

const depthToSpace: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const block = intAttribute(node, "blocksize", 0);
  if (x?.length !== 4 || block < 1) return [];
  return [[x[0]!, x[1]! / block ** 2, x[2]! * block, x[3]! * block]];
};

const spaceToDepth: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const block = intAttribute(node, "blocksize", 0);
  if (x?.length !== 4 || block < 1) return [];
  return [[x[0]!, x[1]! * block ** 2, x[2]! / block, x[3]! / block]];
};

/** Shape rules of convolutions, pools and resampling. */
export const SPATIAL_RULES: Readonly<Record<string, ShapeRule>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: pool,
  AveragePool: pool,
  LpPool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  Resize: resize,
  Upsample: upsample,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
