import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { Random } from "../../random/random.js";
import { changeUnits } from "../change-units.js";
import type { MutationOperator, SearchRules } from "../contract.js";
import { layerUnits, unitParameters } from "../layer-units.js";
import { stepWidth } from "./step-width.js";

/**
 * One layer goes one width up or down, and others the other way until as many bits are saved as
 * spent, nearly: of a few drawn, each time the one that balances best. A search under a size limit
 * moves along it so, not across. `rate` is not read. A genome in which no layer can move comes back
 * as it is; under uniform precision none can.
 */
export const budgetSwap: MutationOperator = {
  name: "budget-swap",
  mutate(genome, rules, _rate, random) {
    if (rules.uniformPrecision) return genome;
    const changes = new Map<readonly string[], LayerQuantConfig>();
    const by = random.chance(0.5) ? 1 : -1;
    const first = draw(genome, rules, by, random, changes, Number.POSITIVE_INFINITY);
    if (first === undefined) return genome;
    let rest = first;
    for (let answers = 0; answers < MOST_ANSWERS && rest > 0; answers++) {
      const moved = draw(genome, rules, by === 1 ? -1 : 1, random, changes, rest);
      // What overshoots by more than it helps is left out.
      if (moved === undefined) break;
      rest -= moved;
    }
    return changeUnits(genome, rules, changes);
  },
};

const TRIES = 6;
const MOST_ANSWERS = 4;

/**
 * Moves one unit; returns the bits that it spends or saves, undefined when none of those drawn may
 * move or would bring the sum nearer.
 */
function draw(
  genome: QuantizationGenome,
  rules: SearchRules,
  by: 1 | -1,
  random: Random,
  changes: Map<readonly string[], LayerQuantConfig>,
  wanted: number,
): number | undefined {
  const units = layerUnits(rules);
  let best: { unit: readonly string[]; config: LayerQuantConfig; bits: number } | undefined;
  for (let t = 0; t < TRIES; t++) {
    const unit = random.pick(units);
    if (changes.has(unit)) continue;
    const config = genome.layerConfigs.get(unit[0]!)!;
    const moved = stepWidth(config, rules, unit[0]!, by);
    if (moved === undefined) continue;
    const bits = unitParameters(unit, rules) * Math.abs(moved.weightBits - config.weightBits);
    if (wanted === Number.POSITIVE_INFINITY) {
      best = { unit, config: moved, bits };
      break;
    }
    const miss = Math.abs(wanted - bits);
    if (miss < wanted && (best === undefined || miss < Math.abs(wanted - best.bits)))
      best = { unit, config: moved, bits };
  }
  if (best === undefined) return undefined;
  changes.set(best.unit, best.config);
  return best.bits;
}
