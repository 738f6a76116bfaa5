import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { CrossoverOperator } from "../contract.js";

/**
 * The children swap one run of consecutive layers (two-point crossover, De Jong, 1975): neighbours in a network
 * keep the settings that they were selected with together.
 */
export const twoPointCrossover: CrossoverOperator = {
  name: "two-point-crossover",
  cross(a, b, random) {
    const count = a.layerConfigs.size;
    const start = random.integer(count);
    // From 1 layer to all but one; the only layer of a network of one is always swapped.
    const length = count === 1 ? 1 : 1 + random.integer(count - 1);
    const first = new Map<string, LayerQuantConfig>();
    const second = new Map<string, LayerQuantConfig>();
    let at = 0;
    for (const [name, config] of a.layerConfigs) {
      const theirs = b.layerConfigs.get(name) ?? config;
      const swap = (at - start + count) % count < length;
      first.set(name, swap ? theirs : config);
      second.set(name, swap ? config : theirs);
      at++;
    }
    return [a.with({ layerConfigs: first }), b.with({ layerConfigs: second })];
  },
};
