import type { CrossoverOperator } from "../contract.js";
import { exchangeUnits } from "../exchange-units.js";
import { networkStages } from "../network-stages.js";
import { twoPointCrossover } from "./two-point-crossover.js";

/**
 * The children swap one stage or block of the network, as the layers' names tell
 * ({@link networkStages}); where names tell nothing, a run of layers.
 */
export const stageCrossover: CrossoverOperator = {
  name: "stage-crossover",
  cross(a, b, rules, random) {
    const stages = networkStages(rules);
    if (stages.length === 0) return twoPointCrossover.cross(a, b, rules, random);
    const stage = new Set(random.pick(stages));
    return exchangeUnits(a, b, rules, (unit) => stage.has(unit));
  },
};
