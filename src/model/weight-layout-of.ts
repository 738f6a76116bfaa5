import type { LayerSpec, WeightLayout } from "./layer-spec.js";

/**
 * The layout of a layer's weights: its own, or else [channels, rest] made from its counts. The
 * channels are then those of its output: axis 1 of an image [1, C, H, W], else the last axis. Where
 * the parameters do not divide evenly, there is a single channel.
 */
export function weightLayoutOf(layer: LayerSpec): WeightLayout {
  if (layer.weightLayout !== undefined) return layer.weightLayout;
  const { outputShape, parameterCount } = layer;
  const outputs = (outputShape.length === 4 ? outputShape[1] : outputShape.at(-1)) ?? 1;
  const channels = outputs > 0 && parameterCount % outputs === 0 ? outputs : 1;
  return { shape: [channels, parameterCount / channels], channelAxis: 0, groupAxis: 1 };
}
