import { quoteName } from "../check/quote-name.js";
import { InvalidArgumentError } from "../errors.js";
import { configOf } from "../evaluation/genome-size.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { ModelSpec } from "../model/layer-spec.js";

/**
 * Refuses a genome made for another model.
 * @throws InvalidArgumentError naming a layer that the genome lacks or the model does not have
 */
export function checkGenomeLayers(
  model: Pick<ModelSpec, "layers">,
  genome: QuantizationGenome,
): void {
  const known = new Set(model.layers.map(({ name }) => name));
  for (const name of genome.layerConfigs.keys())
    if (!known.has(name))
      throw new InvalidArgumentError(
        `layerConfigs.${name}`,
        `the model has no layer ${quoteName(name)}; allowed: its ${known.size} layers, see ` +
          "model.layers",
      );
  for (const layer of model.layers) configOf(genome, layer);
}
