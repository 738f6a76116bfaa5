import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { SearchRules } from "./contract.js";
import { layerUnits } from "./layer-units.js";

/**
 * Two children in which the parents have exchanged the settings of some units. Under uniform
 * precision each child keeps the bits of its own parent.
 * @param exchanged asked once for each unit, in order
 */
export function exchangeUnits(
  a: QuantizationGenome,
  b: QuantizationGenome,
  rules: SearchRules,
  exchanged: (unit: number) => boolean,
): readonly [QuantizationGenome, QuantizationGenome] {
  const first = new Map(a.layerConfigs);
  const second = new Map(b.layerConfigs);
  for (const [i, unit] of layerUnits(rules).entries()) {
    if (!exchanged(i)) continue;
    for (const name of unit) {
      const [mine, theirs] = [a.layerConfigs.get(name)!, b.layerConfigs.get(name)!];
      first.set(name, rules.uniformPrecision ? withBitsOf(theirs, mine) : theirs);
      second.set(name, rules.uniformPrecision ? withBitsOf(mine, theirs) : mine);
    }
  }
  return [a.with({ layerConfigs: first }), b.with({ layerConfigs: second })];
}

function withBitsOf(config: LayerQuantConfig, { weightBits, activationBits }: LayerQuantConfig) {
  return config.with({ weightBits, activationBits });
}
