import { mutateLayerConfig } from "../../genome/mutate-layer-config.js";
import { changeUnits } from "../change-units.js";
import type { MutationOperator } from "../contract.js";
import { layerUnits } from "../layer-units.js";

/**
 * Each layer changes with probability `rate`, by one step of one setting; tied layers as one. Under
 * uniform precision a step of bits is taken by the whole network with it: the last layer that
 * stepped decides.
 */
export const stepMutation: MutationOperator = {
  name: "step-mutation",
  mutate: (genome, rules, rate, random) =>
    changeUnits(
      genome,
      rules,
      layerUnits(rules).flatMap((unit) => {
        if (!random.chance(rate)) return [];
        const config = genome.layerConfigs.get(unit[0]!)!;
        return [[unit, mutateLayerConfig(config, rules.layers.get(unit[0]!)!, random)] as const];
      }),
    ),
};
