import { InvalidArgumentError } from "../errors.js";
import type { GeneKind } from "../genes/gene-kind.js";
import { weightSlices } from "../genome/calibration-options.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { LayerSpec, ModelSpec } from "../model/layer-spec.js";
import { weightLayoutOf } from "../model/weight-layout-of.js";
import { quantizedSizeBytes } from "../quantization/index.js";

/** Bytes of one layer's weights, packed to the bit: codes, scales and zero points, or float32. */
export function layerSizeBytes(layer: LayerSpec, config: LayerQuantConfig): number {
  if (config.weightBits === 32) return 4 * layer.parameterCount;
  const layout = weightLayoutOf(layer);
  return quantizedSizeBytes(layout.shape, {
    bits: config.weightBits,
    scheme: config.weightScheme,
    ...weightSlices(layout, config),
  });
}

/**
 * Bytes of all parameters, packed to the bit: codes, scales and zero points of every layer, the
 * parameters that stay in float32, what is stored as it is, and what other genes add.
 * @param kinds the genes beside the settings of layers; default none
 * @throws InvalidArgumentError when the genome lacks a layer of the model
 */
export function genomeSizeBytes(
  model: ModelSpec,
  genome: QuantizationGenome,
  kinds: readonly GeneKind[] = [],
): number {
  let bytes = 4 * (model.floatParameterCount ?? 0) + (model.fixedBytes ?? 0);
  for (const layer of model.layers) bytes += layerSizeBytes(layer, configOf(genome, layer));
  for (const kind of kinds)
    for (const [owner, value] of genome.geneValues.get(kind.name) ?? [])
      bytes += kind.sizeBytes?.(model, owner, value) ?? 0;
  return bytes;
}

/** Bytes of all parameters in float32 and of what is stored as it is: the reference of ratios. */
export function float32SizeBytes(model: ModelSpec): number {
  const parameters = model.layers.reduce((sum, layer) => sum + layer.parameterCount, 0);
  return 4 * (parameters + (model.floatParameterCount ?? 0)) + (model.fixedBytes ?? 0);
}

/**
 * A layer's settings in a genome.
 * @throws InvalidArgumentError when the genome has none for the layer
 */
export function configOf(genome: QuantizationGenome, layer: LayerSpec): LayerQuantConfig {
  const config = genome.layerConfigs.get(layer.name);
  if (config === undefined)
    throw new InvalidArgumentError(
      `layerConfigs.${layer.name}`,
      `the genome has no settings for layer ${JSON.stringify(layer.name)}; allowed: one for ` +
        "each layer of the model",
    );
  return config;
}
