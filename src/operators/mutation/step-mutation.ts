import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { mutateLayerConfig } from "../../genome/mutate-layer-config.js";
import type { MutationOperator } from "../contract.js";

/**
 * Each layer changes with probability `rate`, by one step of one setting. Under uniform precision a step of
 * bits is taken by the whole network with it: the last layer that stepped decides.
 */
export const stepMutation: MutationOperator = {
  name: "step-mutation",
  mutate(genome, rules, rate, random) {
    const configs = new Map<string, LayerQuantConfig>();
    let weightBits: LayerQuantConfig["weightBits"] | undefined;
    let activationBits: LayerQuantConfig["activationBits"] | undefined;
    for (const [name, config] of genome.layerConfigs) {
      const space = rules.layers.get(name);
      const changed =
        space !== undefined && random.chance(rate) ? mutateLayerConfig(config, space, random) : config;
      if (changed.weightBits !== config.weightBits) weightBits = changed.weightBits;
      if (changed.activationBits !== config.activationBits) activationBits = changed.activationBits;
      configs.set(name, changed);
    }
    if (rules.uniformPrecision && (weightBits ?? activationBits) !== undefined)
      for (const [name, config] of configs)
        configs.set(
          name,
          config.with({ ...(weightBits && { weightBits }), ...(activationBits && { activationBits }) }),
        );
    return genome.with({ layerConfigs: configs });
  },
};
