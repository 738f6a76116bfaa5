import { configOf } from "../../evaluation/genome-size.js";
import type { NoiseTable } from "../../evaluation/noise-table.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { ModelSpec } from "../../model/layer-spec.js";

/**
 * Relative noise power that a genome puts into each place of a model: the weights of every layer, then the activation
 * that goes into every layer. It is what the surrogate predicts the loss from.
 */
export function genomeNoise(
  model: ModelSpec,
  noiseTable: NoiseTable,
  genome: QuantizationGenome,
): Float64Array {
  const { layers } = model;
  const noise = new Float64Array(2 * layers.length);
  for (const [i, layer] of layers.entries()) {
    const config = configOf(genome, layer);
    const method = genome.calibrationMethodOf(layer.name);
    noise[i] = noiseTable.weightNoise(layer.name, config, method);
    noise[layers.length + i] = noiseTable.activationNoise(config, method);
  }
  return noise;
}

/** Weights of {@link genomeNoise} before anything is measured: those of the layers, the same for their activations. */
export function noisePrior(model: ModelSpec, layerWeights: ReadonlyMap<string, number>): Float64Array {
  const weights = model.layers.map(({ name }) => layerWeights.get(name) ?? 1 / model.layers.length);
  return Float64Array.from([...weights, ...weights]);
}
