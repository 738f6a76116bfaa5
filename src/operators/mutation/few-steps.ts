import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { mutateLayerConfig } from "../../genome/mutate-layer-config.js";
import { changeUnits } from "../change-units.js";
import type { MutationOperator } from "../contract.js";
import { layerUnits } from "../layer-units.js";

/**
 * One layer, or with falling chances two or three or more, takes one step of one setting. `rate` is
 * not read.
 */
export const fewSteps: MutationOperator = {
  name: "few-steps",
  mutate(genome, rules, _rate, random) {
    const units = layerUnits(rules);
    const changes = new Map<readonly string[], LayerQuantConfig>();
    do {
      const unit = random.pick(units);
      const config = changes.get(unit) ?? genome.layerConfigs.get(unit[0]!)!;
      changes.set(unit, mutateLayerConfig(config, rules.layers.get(unit[0]!)!, random));
    } while (random.chance(MORE));
    return changeUnits(genome, rules, changes);
  },
};

/** Chance of one more layer. */
const MORE = 0.3;
