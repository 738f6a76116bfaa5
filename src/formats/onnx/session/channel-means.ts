import { elementCount } from "../../../model/layer-spec.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { firstOutput } from "../write/stored-tensors.js";

/** One place where a layer's weights meet an activation, and the axis of its channels there. */
export interface ChannelUse {
  readonly layer: string;
  /** The operator: the first value that it computes. */
  readonly operator: string;
  readonly tensor: string;
  /** Axis of the channels; negative counts from the end. */
  readonly axis: number;
}

/** All places where weights meet an activation, in model order. */
export function channelUses({ bindings, proto }: OnnxModel): ChannelUse[] {
  const nodes = proto.graph?.node ?? [];
  return bindings.flatMap(({ layer, uses }) =>
    uses.flatMap(({ node: at, activationInput, channelAxis: axis }): ChannelUse[] => {
      if (activationInput < 0) return [];
      const node = nodes[at]!;
      const tensor = node.input[activationInput]!;
      return [{ layer, operator: firstOutput(node), tensor, axis }];
    }),
  );
}

/**
 * Means over calibration data, channel by channel, of what a number becomes by `map`. Uses of a
 * tensor along one axis share an entry.
 */
export class ChannelMeans {
  readonly #axes = new Map<string, Map<number, { sums: Float64Array; count: number }>>();

  constructor(
    uses: readonly ChannelUse[],
    readonly map: (value: number) => number,
  ) {
    for (const { tensor, axis } of uses) {
      const axes = this.#axes.get(tensor) ?? new Map();
      this.#axes.set(tensor, axes.set(axis, { sums: new Float64Array(0), count: 0 }));
    }
  }

  /** Takes in one batch of a tensor. */
  add(tensor: string, values: Float32Array, dims: readonly number[]): void {
    for (const [axis, entry] of this.#axes.get(tensor) ?? []) {
      const at = axis < 0 ? Math.max(0, dims.length + axis) : axis;
      const channels = dims[at] ?? 1;
      if (entry.sums.length === 0) entry.sums = new Float64Array(channels);
      const inner = elementCount(dims.slice(at + 1));
      addByChannel(entry.sums, values, inner, this.map);
      entry.count += values.length / Math.max(1, channels);
    }
  }

  /** One value for each channel; undefined before any was added. */
  of({ tensor, axis }: ChannelUse): Float32Array | undefined {
    const entry = this.#axes.get(tensor)?.get(axis);
    if (entry === undefined || entry.sums.length === 0) return undefined;
    return Float32Array.from(entry.sums, (sum) => sum / Math.max(1, entry.count));
  }
}

function addByChannel(
  sums: Float64Array,
  values: Float32Array,
  inner: number,
  map: (value: number) => number,
): void {
  for (let start = 0, channel = 0; start < values.length; start += inner) {
    let sum = 0;
    for (let i = start; i < start + inner; i++) sum += map(values[i]!);
    sums[channel]! += sum;
    if (++channel === sums.length) channel = 0;
  }
}
