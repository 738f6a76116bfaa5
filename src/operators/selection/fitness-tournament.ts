import type { SelectionOperator } from "../contract.js";

/**
 * Two are drawn, the one with the higher weighted fitness is picked (infeasible ones are below all
 * feasible ones); of two equals the one drawn first.
 */
export const fitnessTournament: SelectionOperator = {
  name: "fitness-tournament",
  select(population, random) {
    const a = random.pick(population);
    const b = random.pick(population);
    return b.fitness > a.fitness ? b : a;
  },
};
