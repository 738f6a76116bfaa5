import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { LayerSpec } from "../../model/layer-spec.js";
import { scaleCount } from "../../quantization/scale-layout.js";
import { quantizedSizeBits } from "../../quantization/size.js";
import { outputChannels } from "./operator-class.js";
import type { HardwareProfile } from "./profile-schema.js";

type Container = HardwareProfile["formats"]["container"];

/**
 * Bytes of a layer's weights in a deployment format. They are packed codes of `storageBits`, a
 * scale per tensor, channel or group, and, when asymmetric, a zero point per scale. Float weights
 * (32 bits) have neither scales nor zero points. Without a weight layout, the weights count as
 * [output channels, rest].
 *
 * A container may have shorter scales, wider zero points, or block scales as small integers on a
 * channel's grid (LPBQ). It may also replace scales by one table of values per tensor where that is
 * smaller (palettization). Without a container, scales are float32 and zero points packed.
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
 * Bytes of a layer's weights packed to the bit, in whole bytes for each of codes, scales and zero
 * points. Codes and zero points have the configured width (ternary: five to a byte), and scales are
 * float32. Compression ratios use these bytes.
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
