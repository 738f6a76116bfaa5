import { intsAttribute } from "../graph/node-attributes.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import { resolveAxis, type Shape, type ShapeContext } from "./shape-context.js";

/** The elements that Slice takes along one axis. */
export interface SliceRange {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/**
 * Start, step and count along every axis of `x`, by the clamping rules of Slice; undefined when not
 * all is known.
 */
export function sliceRanges(
  node: NodeProto,
  context: ShapeContext,
  x: Shape,
): readonly SliceRange[] | undefined {
  const starts = intsAttribute(node, "starts") ?? context.value(node, 1)?.data;
  const ends = intsAttribute(node, "ends") ?? context.value(node, 2)?.data;
  if (starts === undefined || ends === undefined || starts.length !== ends.length) return undefined;
  const optional = (position: number, fallback: readonly number[]) =>
    (node.input[position] ?? "") === "" ? fallback : context.value(node, position)?.data;
  const axes = intsAttribute(node, "axes") ?? optional(3, [...starts.keys()]);
  const steps = optional(
    4,
    starts.map(() => 1),
  );
  if (axes?.length !== starts.length || steps?.length !== starts.length) return undefined;
  const ranges = x.map((count) => ({ start: 0, step: 1, count }));
  for (let i = 0; i < axes.length; i++) {
    const axis = resolveAxis(axes[i]!, x.length);
    const step = steps[i]!;
    if (axis === undefined || step === 0) return undefined;
    const size = x[axis]!;
    const front = (index: number) => (index < 0 ? index + size : index);
    const start = clamp(front(starts[i]!), 0, step > 0 ? size : size - 1);
    const end = clamp(front(ends[i]!), step > 0 ? 0 : -1, step > 0 ? size : size - 1);
    ranges[axis] = { start, step, count: Math.max(0, Math.ceil((end - start) / step)) };
  }
  return ranges;
}
