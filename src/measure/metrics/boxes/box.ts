import type { TensorData } from "../../batches/tensor-data.js";

/** Left, top, right, bottom, in one unit for all boxes of an image. */
export type Corners = readonly [left: number, top: number, right: number, bottom: number];

/** A box that a model finds. */
export interface DetectedBox {
  readonly box: Corners;
  /** Greater is surer. */
  readonly score: number;
  /** Class, an integer from 0. Default 0. */
  readonly label?: number | undefined;
}

/** A box that is there. */
export interface TruthBox {
  readonly box: Corners;
  /** Class, an integer from 0. Default 0. */
  readonly label?: number | undefined;
  /** A region of many objects, as in COCO: what lies in it counts neither way. Default false. */
  readonly crowd?: boolean | undefined;
}

/**
 * Boxes of one image from its outputs, by name: each without the dimension of the batch, where it
 * has one.
 */
export interface BoxDecoder {
  (outputs: Readonly<Record<string, TensorData>>): readonly DetectedBox[];
  /** Tells two decoders of the same source text apart, for cache keys. */
  readonly identity?: string;
}

/** How four numbers give a box. */
export type BoxFormat = "xyxy" | "yxyx" | "xywh" | "cxcywh";

/** Corners from four numbers of a format. */
export function toCorners(values: readonly number[], format: BoxFormat): Corners {
  const [a, b, c, d] = values as [number, number, number, number];
  if (format === "xyxy") return [a, b, c, d];
  if (format === "yxyx") return [b, a, d, c];
  if (format === "xywh") return [a, b, a + c, b + d];
  return [a - c / 2, b - d / 2, a + c / 2, b + d / 2];
}

/** Area of a box, 0 for one that is inside out. */
export function boxArea([left, top, right, bottom]: Corners): number {
  return Math.max(0, right - left) * Math.max(0, bottom - top);
}

/** Area that two boxes share. */
export function sharedArea(a: Corners, b: Corners): number {
  return boxArea([
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
    Math.min(a[2], b[2]),
    Math.min(a[3], b[3]),
  ]);
}

/** Intersection over union of two boxes, 0 to 1; 0 where both are empty. */
export function boxIou(a: Corners, b: Corners): number {
  const shared = sharedArea(a, b);
  const union = boxArea(a) + boxArea(b) - shared;
  return union > 0 ? shared / union : 0;
}
