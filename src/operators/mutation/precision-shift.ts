import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { Random } from "../../random/random.js";
import type { MutationOperator } from "../contract.js";

/**
 * Moves precision to where it is needed: one layer, drawn in proportion to its score, goes one width up, and
 * another, drawn in proportion to the lack of it, one width down. `rate` is not read. A genome in which no layer can move
 * comes back as it is; under uniform precision none can.
 * @param scores by layer name, 0 to 1; a layer that is missing counts as 0
 */
export function precisionShift(scores: ReadonlyMap<string, number>): MutationOperator {
  return {
    name: "precision-shift",
    mutate(genome, rules, _rate, random) {
      if (rules.uniformPrecision) return genome;
      const configs = new Map(genome.layerConfigs);
      const score = (name: string) => scores.get(name) ?? 0;
      const step = (by: 1 | -1, weight: (name: string) => number, except?: string): string | undefined => {
        const movable = [...configs.keys()].filter(
          (name) => name !== except && neighbour(configs.get(name), rules.layers.get(name)?.weightBits, by),
        );
        const name = roulette(movable, weight, random);
        if (name === undefined) return undefined;
        const config = configs.get(name)!;
        configs.set(
          name,
          config.with({ weightBits: neighbour(config, rules.layers.get(name)?.weightBits, by)! }),
        );
        return name;
      };
      const raised = step(1, (name) => score(name) + FLOOR);
      const lowered = step(-1, (name) => 1 - score(name) + FLOOR, raised);
      return raised === undefined && lowered === undefined ? genome : genome.with({ layerConfigs: configs });
    },
  };
}

/** Chance that is left to layers whose score says no. */
const FLOOR = 0.05;

function neighbour(
  config: LayerQuantConfig | undefined,
  levels: readonly LayerQuantConfig["weightBits"][] | undefined,
  by: 1 | -1,
): LayerQuantConfig["weightBits"] | undefined {
  const at = config === undefined || levels === undefined ? -1 : levels.indexOf(config.weightBits);
  return at < 0 ? undefined : levels?.[at + by];
}

function roulette(
  names: readonly string[],
  weight: (name: string) => number,
  random: Random,
): string | undefined {
  const total = names.reduce((sum, name) => sum + weight(name), 0);
  let draw = random.next() * total;
  for (const name of names) {
    draw -= weight(name);
    if (draw < 0) return name;
  }
  return names.at(-1);
}
