import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { LayerSpec } from "../model/layer-spec.js";
import { scaleCount } from "../quantization/scale-layout.js";
import { outputChannels } from "./resolve-operator.js";

/** Bytes of a scale: float32. */
const SCALE_BYTES = 4;

/**
 * Bytes of a layer's weights as a target stores them: packed codes of `storageBits`, one float32 scale per tensor,
 * channel or group, and when asymmetric one zero point of `storageBits` beside each scale. Weights left in float
 * (32 bits) have neither. Without a weight layout the weights count as [output channels, rest]. The bit-exact size
 * that compression is reported by is `quantizedSizeBytes` of the quantization room; here widths are containers.
 */
export function storedWeightBytes(layer: LayerSpec, config: LayerQuantConfig, storageBits: number): number {
  if (layer.parameterCount === 0) return 0;
  const codes = Math.ceil((layer.parameterCount * storageBits) / 8);
  if (config.weightBits === 32) return codes;
  const scales = countScales(layer, config);
  const asymmetric = config.weightScheme === "asymmetric" && config.weightBits >= 2;
  return codes + scales * SCALE_BYTES + (asymmetric ? Math.ceil((scales * storageBits) / 8) : 0);
}

function countScales(layer: LayerSpec, config: LayerQuantConfig): number {
  const { granularity, groupSize } = config;
  const { weightLayout, parameterCount } = layer;
  const channels = Math.max(1, outputChannels(layer));
  const shape = weightLayout?.shape ?? [channels, Math.ceil(parameterCount / channels)];
  if (shape.length === 0) return 1;
  const axis =
    granularity === "per-group" ? (weightLayout?.groupAxis ?? 1) : (weightLayout?.channelAxis ?? 0);
  return scaleCount(shape, granularity, axis, groupSize);
}
