import { crowdingDistance } from "../../pareto/crowding-distance.js";
import { nonDominatedSort } from "../../pareto/non-dominated-sort.js";
import type { Individual, RankedIndividual, SurvivalOperator } from "../contract.js";

/**
 * Survival of NSGA-II (Deb et al., 2002): whole fronts under constrained dominance as long as they fit, of the
 * first that does not the loneliest. The `elites` with the highest fitness are kept before all others, so the
 * compromise that the weights ask for is never lost to diversity.
 */
export const rankAndCrowding: SurvivalOperator = {
  name: "rank-and-crowding",
  survive(individuals, count, elites) {
    // Of equal objectives only the first gets a crowding distance: by key, the order of arrival does not matter.
    const ranked = rankPopulation(individuals.toSorted(compareKeys));
    const byFitness = ranked.toSorted((a, b) => b.fitness - a.fitness || compareKeys(a, b));
    const kept = new Set(byFitness.slice(0, Math.min(elites, count)));
    const order = ranked.toSorted((a, b) => a.rank - b.rank || b.crowding - a.crowding || compareKeys(a, b));
    for (const individual of order) {
      if (kept.size >= count) break;
      kept.add(individual);
    }
    return order.filter((individual) => kept.has(individual));
  },
};

/** The individuals, in the order given, with rank and crowding distance. */
export function rankPopulation(individuals: readonly Individual[]): RankedIndividual[] {
  const ranked: RankedIndividual[] = new Array(individuals.length);
  const objectives = individuals.map((individual) => individual.objectives);
  const violations = individuals.map((individual) => individual.violation);
  for (const [rank, front] of nonDominatedSort(objectives, { violations }).entries()) {
    const distances = crowdingDistance(objectives, front);
    for (const [position, index] of front.entries())
      ranked[index] = { ...individuals[index]!, rank, crowding: distances[position]! };
  }
  return ranked;
}

function compareKeys(a: Individual, b: Individual): number {
  return a.genome.key < b.genome.key ? -1 : a.genome.key > b.genome.key ? 1 : 0;
}
