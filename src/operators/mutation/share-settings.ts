import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { LayerSpace } from "../../genes/precision.js";
import { changeUnits } from "../change-units.js";
import type { MutationOperator } from "../contract.js";
import { layerUnits } from "../layer-units.js";

/**
 * What serves one layer well often serves others: one layer hands how it quantizes (schemes,
 * granularity, calibration, activation bits; not its width) to a run of its neighbours, as far as
 * they may have it. `rate` is not read.
 */
export const shareSettings: MutationOperator = {
  name: "share-settings",
  mutate(genome, rules, _rate, random) {
    const units = layerUnits(rules);
    const from = genome.layerConfigs.get(random.pick(units)[0]!)!;
    const start = random.integer(units.length);
    const length = 1 + random.integer(Math.max(1, units.length - 1));
    const changes: (readonly [readonly string[], LayerQuantConfig])[] = [];
    for (let i = 0; i < length; i++) {
      const unit = units[(start + i) % units.length]!;
      const config = genome.layerConfigs.get(unit[0]!)!;
      const handed = from.with({
        weightBits: config.weightBits,
        useSymmetric: config.useSymmetric,
      });
      if (allows(rules.layers.get(unit[0]!)!, handed, genome.calibrationMethod))
        changes.push([unit, handed]);
    }
    return changeUnits(genome, rules, changes);
  },
};

function allows(
  space: LayerSpace,
  config: LayerQuantConfig,
  method: LayerQuantConfig["calibrationMethod"],
) {
  return (
    space.activationBits.includes(config.activationBits) &&
    space.weightSchemes.includes(config.weightScheme) &&
    space.activationSchemes.includes(config.activationScheme) &&
    space.granularities.includes(config.granularity) &&
    (config.granularity !== "per-group" || space.groupSizes.includes(config.groupSize)) &&
    space.calibrationMethods.includes(config.calibrationMethod ?? method!)
  );
}
