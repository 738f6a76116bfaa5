import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { SearchRules } from "./contract.js";

/**
 * A copy of the genome with new settings for some units, each given to all layers of its unit.
 * Under uniform precision new bits go to the whole network, as far as they are not pinned: those
 * that came last.
 * @param changes settings by the unit's layers
 */
export function changeUnits(
  genome: QuantizationGenome,
  rules: SearchRules,
  changes: Iterable<readonly [unit: readonly string[], config: LayerQuantConfig]>,
): QuantizationGenome {
  const configs = new Map(genome.layerConfigs);
  let weightBits: LayerQuantConfig["weightBits"] | undefined;
  let activationBits: LayerQuantConfig["activationBits"] | undefined;
  let changed = false;
  for (const [unit, config] of changes)
    for (const name of unit) {
      const before = configs.get(name)!;
      if (before === config || before.equals(config)) continue;
      changed = true;
      if (config.weightBits !== before.weightBits) weightBits = config.weightBits;
      if (config.activationBits !== before.activationBits) activationBits = config.activationBits;
      configs.set(name, config);
    }
  if (!changed) return genome;
  if (rules.uniformPrecision && (weightBits ?? activationBits) !== undefined)
    for (const [name, config] of configs) {
      const pin = rules.pinned.get(name);
      configs.set(
        name,
        config.with({
          ...(weightBits && pin?.weightBits === undefined && { weightBits }),
          ...(activationBits && pin?.activationBits === undefined && { activationBits }),
        }),
      );
    }
  return genome.with({ layerConfigs: configs });
}
