import type { WeightLayout } from "../../../model/layer-spec.js";

/**
 * What an axis of a weight tensor means to the node that uses it. Each index of the `channel` axes
 * together is an output channel, which sums over the `group` axes. `other` axes hold several
 * weights of each channel that are not summed.
 */
export type AxisRole = "channel" | "group" | "other";

/** A part of an axis that is two in one, the outer part first. */
export interface AxisPart {
  readonly role: AxisRole;
  readonly extent: number;
}

/** The role of an axis, or those of its parts. */
export type AxisRoles = AxisRole | readonly AxisPart[];

/**
 * The layout of a stored weight tensor. Neighbouring axes of one role are seen as one: a
 * convolution [O, I, kh, kw] becomes [O, I*kh*kw]. When the reduction axes do not lie together, the
 * longest run of them carries the groups. When the channel axes do not, the view has another order
 * than the stored tensor: all channels first, then what each sums over.
 * @param dims shape of the stored tensor
 * @param roles of each stored axis; at least one is `channel`
 */
export function storedLayout(dims: readonly number[], roles: readonly AxisRoles[]): WeightLayout {
  const axes = dims.flatMap((extent, axis): readonly AxisPart[] => {
    const role = roles[axis]!;
    return typeof role === "string" ? [{ role, extent }] : role;
  });
  let merged = mergedAxes(axes);
  // An axis of one index keeps nothing apart.
  if (channelRuns(merged) > 1) merged = mergedAxes(merged.filter(({ extent }) => extent !== 1));
  if (channelRuns(merged) > 1 || !merged.some(({ role }) => role === "group"))
    return channelsFirst(axes);
  const shape = merged.map(({ extent }) => extent);
  let groupAxis = merged.findIndex(({ role }) => role === "group");
  merged.forEach(({ role }, axis) => {
    if (role === "group" && shape[axis]! > shape[groupAxis]!) groupAxis = axis;
  });
  return { shape, channelAxis: merged.findIndex(({ role }) => role === "channel"), groupAxis };
}

function mergedAxes(axes: readonly AxisPart[]): AxisPart[] {
  const merged: AxisPart[] = [];
  for (const { role, extent } of axes) {
    const last = merged.at(-1);
    if (last?.role === role) merged[merged.length - 1] = { role, extent: last.extent * extent };
    else merged.push({ role, extent });
  }
  return merged;
}

function channelRuns(axes: readonly AxisPart[]): number {
  return axes.filter(({ role }) => role === "channel").length;
}

/** The view [channels, rest], of another order than the stored tensor where that is needed. */
function channelsFirst(axes: readonly AxisPart[]): WeightLayout {
  const order = [...axes.keys()];
  const permutation = [
    ...order.filter((axis) => axes[axis]!.role === "channel"),
    ...order.filter((axis) => axes[axis]!.role !== "channel"),
  ];
  const product = (channel: boolean) =>
    axes.reduce(
      (sum, { role, extent }) => ((role === "channel") === channel ? sum * extent : sum),
      1,
    );
  const shape = [product(true), product(false)];
  // What lies between channel axes of one index each is in order as it is.
  const moved = permutation.filter((axis) => axes[axis]!.extent !== 1);
  if (moved.every((axis, i) => i === 0 || moved[i - 1]! < axis))
    return { shape, channelAxis: 0, groupAxis: 1 };
  const stored = axes.map(({ extent }) => extent);
  return { shape, channelAxis: 0, groupAxis: 1, order: { shape: stored, permutation } };
}
