import type { WeightLayout } from "../../../model/layer-spec.js";

/** What an axis of a weight tensor means to the node that uses it. */
export type AxisRole = "channel" | "group" | "other";

/**
 * The layout of a stored weight tensor. Neighbouring axes that lie in one reduction (or that are
 * both neither) are seen as one: a convolution [O, I, kh, kw] becomes [O, I*kh*kw]. When the
 * reduction axes do not lie together, the longest run of them carries the groups.
 * @param dims shape of the stored tensor
 * @param roles role of each stored axis; exactly one is `channel`
 */
export function storedLayout(dims: readonly number[], roles: readonly AxisRole[]): WeightLayout {
  const shape: number[] = [];
  const merged: AxisRole[] = [];
  dims.forEach((extent, axis) => {
    const role = roles[axis]!;
    if (role !== "channel" && merged.at(-1) === role) shape[shape.length - 1]! *= extent;
    else {
      shape.push(extent);
      merged.push(role);
    }
  });
  let groupAxis = merged.indexOf("group");
  merged.forEach((role, axis) => {
    if (role === "group" && shape[axis]! > shape[groupAxis]!) groupAxis = axis;
  });
  return { shape, channelAxis: merged.indexOf("channel"), groupAxis };
}
