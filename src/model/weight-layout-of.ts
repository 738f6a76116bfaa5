import type { LayerSpec, WeightLayout } from "./layer-spec.js";

/**
 * How a layer's weights are cut: its own layout, or when it has none one made from its counts:
 * [channels, rest] with the channels of its output (axis 1 of an image [1, C, H, W], else the last
 * axis), or a single channel where the parameters do not divide evenly.
 */
export function weightLayoutOf(layer: LayerSpec): WeightLayout {
  if (layer.weightLayout !== undefined) return layer.weightLayout;
  const { outputShape, parameterCount } = layer;
  const outputs = (outputShape.length === 4 ? outputShape[1] : outputShape.at(-1)) ?? 1;
  const channels = outputs > 0 && parameterCount % outputs === 0 ? outputs : 1;
  return { shape: [channels, parameterCount / channels], channelAxis: 0, groupAxis: 1 };
}
