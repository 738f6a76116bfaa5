import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { Random } from "../../random/random.js";
import { changeUnits } from "../change-units.js";
import type { MutationOperator } from "../contract.js";
import { layerUnits, unitScore } from "../layer-units.js";
import { stepWidth } from "./step-width.js";

/**
 * Moves precision to where it is needed: one layer, drawn in proportion to its score, goes one
 * width up, and another, drawn in proportion to the lack of it, one width down. `rate` is not read.
 * A genome in which no layer can move comes back as it is; under uniform precision none can.
 * @param scores by layer name, 0 to 1; a layer that is missing counts as 0, tied layers as their
 *   sum, 1 at most
 */
export function precisionShift(scores: ReadonlyMap<string, number>): MutationOperator {
  return {
    name: "precision-shift",
    mutate(genome, rules, _rate, random) {
      if (rules.uniformPrecision) return genome;
      const changes = new Map<readonly string[], LayerQuantConfig>();
      const step = (by: 1 | -1, weight: (score: number) => number) => {
        const movable: { unit: readonly string[]; config: LayerQuantConfig; weight: number }[] = [];
        for (const unit of layerUnits(rules)) {
          if (changes.has(unit)) continue;
          const config = stepWidth(genome.layerConfigs.get(unit[0]!)!, rules, unit[0]!, by);
          if (config !== undefined)
            movable.push({ unit, config, weight: weight(Math.min(1, unitScore(unit, scores))) });
        }
        const moved = roulette(movable, random);
        if (moved !== undefined) changes.set(moved.unit, moved.config);
      };
      step(1, (score) => score + FLOOR);
      step(-1, (score) => 1 - score + FLOOR);
      return changeUnits(genome, rules, changes);
    },
  };
}

/** Chance that is left to layers whose score says no. */
const FLOOR = 0.05;

function roulette<T extends { readonly weight: number }>(
  items: readonly T[],
  random: Random,
): T | undefined {
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  let draw = random.next() * total;
  for (const item of items) {
    draw -= item.weight;
    if (draw < 0) return item;
  }
  return items.at(-1);
}
