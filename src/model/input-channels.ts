import { elementCount, type WeightLayout } from "./layer-spec.js";

/**
 * Which input channel a weight is multiplied with: `ofChannel` of its output channel plus `ofPlace`
 * of its place along the reduction axis.
 */
export interface InputChannels {
  readonly ofChannel: Int32Array;
  readonly ofPlace: Int32Array;
}

/**
 * Which input channels the weights of a layer are multiplied with. A convolution has several
 * weights for each, one for each place of its kernel.
 * @param inputs number of input channels
 * @returns undefined where so many channels do not fit the layout
 */
export function inputChannels(
  { shape, channelAxis, groupAxis, inputGroups = 1 }: WeightLayout,
  inputs: number,
): InputChannels | undefined {
  const channels = shape[channelAxis] ?? 1;
  const reduction = shape[groupAxis] ?? 1;
  const perGroup = inputs / inputGroups;
  const places = reduction / perGroup;
  const outputs = channels / inputGroups;
  const fits = [perGroup, places, outputs].every((x) => Number.isInteger(x) && x > 0);
  if (!fits) return undefined;
  return {
    ofChannel: Int32Array.from(
      { length: channels },
      (_, channel) => Math.floor(channel / outputs) * perGroup,
    ),
    ofPlace: Int32Array.from({ length: reduction }, (_, place) => Math.floor(place / places)),
  };
}

/** The index along one axis of the element of a row-major tensor. */
export function indexAlong(shape: readonly number[], axis: number): (element: number) => number {
  const inner = elementCount(shape.slice(axis + 1));
  const extent = shape[axis] ?? 1;
  return (element) => Math.floor(element / inner) % extent;
}
