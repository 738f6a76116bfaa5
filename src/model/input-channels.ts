import { elementCount, type WeightLayout } from "./layer-spec.js";

/**
 * Which input channel each weight of a layer is multiplied with, by the index of the weight in its
 * layout. A convolution has several weights for each, one for each place of its kernel.
 * @param inputs number of input channels
 * @returns undefined where so many channels do not fit the layout
 */
export function inputChannels(
  { shape, channelAxis, groupAxis, inputGroups = 1 }: WeightLayout,
  inputs: number,
): ((element: number) => number) | undefined {
  const channels = shape[channelAxis] ?? 1;
  const reduction = shape[groupAxis] ?? 1;
  const perGroup = inputs / inputGroups;
  const places = reduction / perGroup;
  const channelsPerGroup = channels / inputGroups;
  const fits = [perGroup, places, channelsPerGroup].every((x) => Number.isInteger(x) && x > 0);
  if (!fits) return undefined;
  const place = indexAlong(shape, groupAxis);
  if (inputGroups === 1) return (element) => Math.floor(place(element) / places);
  const channel = indexAlong(shape, channelAxis);
  return (element) =>
    Math.floor(channel(element) / channelsPerGroup) * perGroup +
    Math.floor(place(element) / places);
}

/** The index along one axis of the element of a row-major tensor. */
export function indexAlong(shape: readonly number[], axis: number): (element: number) => number {
  const inner = elementCount(shape.slice(axis + 1));
  const extent = shape[axis] ?? 1;
  return (element) => Math.floor(element / inner) % extent;
}
