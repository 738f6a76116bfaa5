import type { NodeProto } from "../wire/onnx_pb.js";

/** A known shape; undefined stands for an unknown one. */
export type Shape = readonly number[];

/**
 * A small tensor whose values are known while shapes are inferred. Integers are exact up to 2^53.
 */
export interface FoldedTensor {
  readonly dims: Shape;
  readonly data: readonly number[];
  /** False for float tensors (scales of Resize, limits of Range). */
  readonly integer: boolean;
}

/** What a shape rule may ask. */
export interface ShapeContext {
  readonly opset: number;
  /** Shape of input `position`; undefined when unknown or absent. */
  shape(node: NodeProto, position: number): Shape | undefined;
  /** Values of input `position`, where they are known and few. */
  value(node: NodeProto, position: number): FoldedTensor | undefined;
}

/** Shapes of a node's outputs, as far as they can be told; a missing entry is unknown. */
export type ShapeRule = (node: NodeProto, context: ShapeContext) => readonly (Shape | undefined)[];

/** An axis counted from the front; undefined when it is out of range. */
export function resolveAxis(axis: number, rank: number): number | undefined {
  const resolved = axis < 0 ? axis + rank : axis;
  return Number.isInteger(resolved) && resolved >= 0 && resolved < rank ? resolved : undefined;
}

/** NumPy broadcasting of two shapes; undefined when they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    out.push(x === 1 ? y : x);
  }
  return out;
}

/** Product of the extents from `start` up to `end`. */
export function extentProduct(shape: Shape, start = 0, end = shape.length): number {
  let product = 1;
  for (let i = start; i < end; i++) product *= shape[i]!;
  return product;
}
