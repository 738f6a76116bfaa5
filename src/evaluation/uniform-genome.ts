import { LayerQuantConfig, type LayerQuantConfigFields } from "../genome/layer-quant-config.js";
import { QuantizationGenome } from "../genome/quantization-genome.js";
import type { ModelSpec } from "../model/layer-spec.js";

/** An unevaluated genome in which every layer of the model has the same settings. */
export function uniformGenome(
  model: ModelSpec,
  fields: Partial<LayerQuantConfigFields>,
): QuantizationGenome {
  const config = new LayerQuantConfig(fields);
  return new QuantizationGenome({
    layerConfigs: new Map(model.layers.map((layer) => [layer.name, config])),
    parameterCounts: new Map(model.layers.map((layer) => [layer.name, layer.parameterCount])),
    globalScheme: config.weightScheme,
    ...(config.calibrationMethod && { calibrationMethod: config.calibrationMethod }),
  });
}

/** The genome whose weights and activations all stay in float32. */
export function float32Genome(model: ModelSpec): QuantizationGenome {
  return uniformGenome(model, { weightBits: 32, activationBits: 32 });
}
