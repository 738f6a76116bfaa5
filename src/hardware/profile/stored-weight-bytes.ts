import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { LayerSpec } from "../../model/layer-spec.js";
import { scaleCount } from "../../quantization/scale-layout.js";
import { quantizedSizeBits } from "../../quantization/size.js";
import { outputChannels } from "./operator-class.js";
import type { HardwareProfile } from "./profile-schema.js";

type Container = HardwareProfile["formats"]["container"];

/**
 * Bytes of a layer's weights as a deployment format stores them: packed codes of `storageBits`, one
 * scale per tensor, channel or group, and when asymmetric one zero point beside each scale. Weights
 * left in float (32 bits) have neither. Without a weight layout the weights count as [output
 * channels, rest]. A container may store shorter scales, block scales as small integers on a
 * channel's grid (LPBQ), wider zero points, or a table of values in place of scales where that is
 * smaller (palettization, one table per tensor); without one, scales are float32 and zero points
 * packed.
 */
export function storedWeightBytes(
  layer: LayerSpec,
  config: LayerQuantConfig,
  storageBits: number,
  container?: Container,
): number {
  if (layer.parameterCount === 0) return 0;
  const codes = Math.ceil((layer.parameterCount * storageBits) / 8);
  if (config.weightBits === 32) return codes;
  const scales = countScales(layer, config);
  const asymmetric = config.weightScheme === "asymmetric" && config.weightBits >= 2;
  if (container === undefined)
    return codes + scales * 4 + (asymmetric ? Math.ceil((scales * storageBits) / 8) : 0);
  const blockwise = config.granularity === "per-group" && container.blockScaleBits !== undefined;
  const scaleBits = blockwise
    ? scales * (container.blockScaleBits as { value: number }).value +
      Math.max(1, outputChannels(layer)) * container.scaleBits.value
    : scales * container.scaleBits.value;
  const linear =
    codes +
    Math.ceil(scaleBits / 8) +
    (asymmetric ? Math.ceil((scales * container.zeroPointBits.value) / 8) : 0);
  if (container.paletteEntryBits === undefined || storageBits >= 8) return linear;
  return Math.min(
    linear,
    codes + Math.ceil((2 ** storageBits * container.paletteEntryBits.value) / 8),
  );
}

/**
 * Bytes of a layer's weights packed to the bit, in whole bytes per part: codes of the width asked
 * for (ternary five to a byte), float32 scales, and zero points of the same width. What compression
 * is reported by.
 */
export function packedWeightBytes(layer: LayerSpec, config: LayerQuantConfig): number {
  if (layer.parameterCount === 0) return 0;
  if (config.weightBits === 32) return layer.parameterCount * 4;
  const zeroPoint = config.weightScheme === "asymmetric" && config.weightBits >= 2;
  const scales = countScales(layer, config);
  return (
    quantizedSizeBits({
      count: layer.parameterCount,
      bits: config.weightBits,
      scaleCount: scales,
      zeroPoint,
    }) / 8
  );
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
