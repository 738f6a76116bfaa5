import type { RankedIndividual, SelectionOperator } from "../contract.js";

/**
 * Two are drawn, the better one is picked: by rank (feasibility comes first in it), then by
 * crowding distance (crowded tournament of NSGA-II, Deb et al., 2002); of two equals the one drawn
 * first.
 */
export const binaryTournament: SelectionOperator = {
  name: "binary-tournament",
  select(population, random) {
    const a = random.pick(population);
    const b = random.pick(population);
    return isBetter(b, a) ? b : a;
  },
};

function isBetter(a: RankedIndividual, b: RankedIndividual): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.crowding > b.crowding);
}
