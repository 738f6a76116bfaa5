import type { CrossoverOperator } from "../contract.js";
import { exchangeOwners } from "../exchange-owners.js";
import { networkStages } from "../network-stages.js";
import { twoPointCrossover } from "./two-point-crossover.js";

/**
 * One stage or block of the network comes from the second parent, as the layers' names tell
 * ({@link networkStages}); where names tell nothing, a run of layers.
 */
export const stageCrossover: CrossoverOperator = {
  name: "stage-crossover",
  cross(child, mate, context) {
    const { space, random } = context;
    const stages = networkStages(space);
    if (stages.length === 0) return twoPointCrossover.cross(child, mate, context);
    const stage = new Set(random.pick(stages));
    exchangeOwners(child, mate, space, (at) => stage.has(at));
  },
};
