import { configOf } from "../../evaluation/genome-size.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import type { LossPrior } from "../../surrogate/loss-model.js";

/** How much each layer's noise is thought to matter, by name, above 0. */
export type LayerWeights = ReadonlyMap<string, number>;

/** Layer weights, and how far off each may be: as a share of it, by name, above 0. */
export interface LayerPrior {
  readonly weights: LayerWeights;
  /** A layer that is missing: entirely. */
  readonly deviations: ReadonlyMap<string, number>;
}

/**
 * Granularities whose noise may cost another loss than as much noise cut per channel: they have a
 * source of their own.
 */
const GRAINS = ["per-tensor", "per-group"] as const;
/** How much more loss is expected of them beforehand, as a share. */
const GRAIN_PRIOR = 0.1;
/**
 * Deviation of what genomes that are worth measuring tell next to nothing about, as they have it in
 * common.
 */
const KEPT = 0.1;

/**
 * What the surrogate predicts the loss from: the relative noise power that a genome puts into the
 * weights of every layer, into the activation that goes into every layer, and the weighted sums of
 * what of the weights' is cut per tensor and per group.
 */
export function genomeNoise(
  model: ModelSpec,
  noiseTable: NoiseTable,
  layerWeights: LayerWeights,
  genome: QuantizationGenome,
): Float64Array {
  const { layers } = model;
  const noise = new Float64Array(2 * layers.length + GRAINS.length);
  for (const [i, layer] of layers.entries()) {
    const config = configOf(genome, layer);
    const method = genome.calibrationMethodOf(layer.name);
    const power = noiseTable.weightNoise(layer.name, config, method);
    noise[i] = power;
    noise[layers.length + i] = noiseTable.activationNoise(config, method);
    const grain = grainOf(config);
    if (grain >= 0)
      noise[2 * layers.length + grain]! += power * weightOf(model, layerWeights, layer.name);
  }
  return noise;
}

/**
 * What is thought of the sources of {@link genomeNoise} before anything is measured: activations
 * matter as their layers do.
 */
export function noisePrior(model: ModelSpec, { weights, deviations }: LayerPrior): LossPrior {
  const own = model.layers.map(({ name }) => weightOf(model, weights, name));
  const deviation = model.layers.map(({ name }) => deviations.get(name) ?? 1);
  return {
    sensitivity: Float64Array.from([...own, ...own, ...GRAINS.map(() => GRAIN_PRIOR)]),
    deviation: Float64Array.from([...deviation, ...own.map(() => KEPT), ...GRAINS.map(() => KEPT)]),
  };
}

/**
 * The noise of weights as the loss feels it: multiplied with what was learned.
 * @param sensitivity loss per power of noise, by source of {@link genomeNoise}
 */
export function weightedNoise(
  model: ModelSpec,
  noiseTable: NoiseTable,
  layerWeights: LayerWeights,
  sensitivity: Float64Array,
): NoiseTable {
  const place = new Map(model.layers.map(({ name }, i) => [name, i]));
  return {
    get entryCount() {
      return noiseTable.entryCount;
    },
    weightNoise(layer, config, method) {
      const grain = grainOf(config);
      const more =
        grain < 0
          ? 0
          : sensitivity[2 * model.layers.length + grain]! * weightOf(model, layerWeights, layer);
      return (
        (sensitivity[place.get(layer)!]! + more) * noiseTable.weightNoise(layer, config, method)
      );
    },
    activationNoise: (config, method) => noiseTable.activationNoise(config, method),
  };
}

const grainOf = ({ granularity }: LayerQuantConfig) =>
  (GRAINS as readonly string[]).indexOf(granularity);

const weightOf = (model: ModelSpec, layerWeights: LayerWeights, name: string) =>
  layerWeights.get(name) ?? 1 / model.layers.length;
