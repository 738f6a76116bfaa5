import type { LayerQuantConfig, LayerQuantConfigFields } from "../../genome/layer-quant-config.js";
import type { LayerSpace } from "../../genes/precision.js";
import type { RepairOperator, SearchRules } from "../contract.js";
import { allowedOr, nearest } from "../new-genome.js";

/**
 * Brings a genome within the rules, in this order: every setting to an allowed value (numbers to
 * the nearest); under uniform precision the bits of all layers to those of the first layer whose
 * bits are not pinned; tied layers to the settings of the first of them; pinned settings to their
 * values.
 */
export const repairToRules: RepairOperator = {
  name: "repair-to-rules",
  repair(genome, rules) {
    const configs = new Map<string, LayerQuantConfig>();
    for (const [name, config] of genome.layerConfigs) {
      const space = rules.layers.get(name);
      configs.set(name, space === undefined ? config : toSpace(config, space));
    }
    if (rules.uniformPrecision) levelBits(configs, rules);
    for (const tie of rules.ties) {
      const first = configs.get(tie[0] ?? "");
      if (first !== undefined)
        for (const name of tie) if (configs.has(name)) configs.set(name, first);
    }
    for (const [name, fields] of rules.pinned) {
      const config = configs.get(name);
      if (config !== undefined) configs.set(name, patch(config, fields));
    }
    for (const [name, config] of configs)
      if (!genome.layerConfigs.get(name)?.equals(config))
        return genome.with({ layerConfigs: configs });
    return genome;
  },
};

function toSpace(config: LayerQuantConfig, space: LayerSpace): LayerQuantConfig {
  const granularity = allowedOr(space.granularities, config.granularity);
  return patch(config, {
    weightBits: nearest(space.weightBits, config.weightBits),
    activationBits: nearest(space.activationBits, config.activationBits),
    weightScheme: allowedOr(space.weightSchemes, config.weightScheme),
    activationScheme: allowedOr(space.activationSchemes, config.activationScheme),
    granularity,
    ...(granularity === "per-group" && { groupSize: nearest(space.groupSizes, config.groupSize) }),
    ...(config.calibrationMethod !== undefined && {
      calibrationMethod: allowedOr(space.calibrationMethods, config.calibrationMethod),
    }),
  });
}

function levelBits(configs: Map<string, LayerQuantConfig>, rules: SearchRules): void {
  for (const field of ["weightBits", "activationBits"] as const) {
    const free = [...configs].filter(([name]) => rules.pinned.get(name)?.[field] === undefined);
    const level = free[0]?.[1][field];
    if (level === undefined) continue;
    for (const [name] of free) configs.set(name, patch(configs.get(name)!, { [field]: level }));
  }
}

/** The same object when nothing changes. */
function patch(
  config: LayerQuantConfig,
  fields: Partial<LayerQuantConfigFields>,
): LayerQuantConfig {
  const patched = config.with(fields);
  return patched.equals(config) ? config : patched;
}
