import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { CrossoverOperator } from "../contract.js";

/** Each layer goes to one child or the other, evenly (Syswerda, 1989); the other parent's goes to the other child. */
export const uniformCrossover: CrossoverOperator = {
  name: "uniform-crossover",
  cross(a, b, random) {
    const first = new Map<string, LayerQuantConfig>();
    const second = new Map<string, LayerQuantConfig>();
    for (const [name, config] of a.layerConfigs) {
      const theirs = b.layerConfigs.get(name) ?? config;
      const swap = random.chance(0.5);
      first.set(name, swap ? theirs : config);
      second.set(name, swap ? config : theirs);
    }
    return [a.with({ layerConfigs: first }), b.with({ layerConfigs: second })];
  },
};
