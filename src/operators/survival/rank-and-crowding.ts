import { Ranking } from "../../search/ranking.js";
import type { Individual, RankedIndividual, SurvivalOperator } from "../contract.js";

/**
 * Survival of NSGA-II (Deb et al., 2002): whole fronts under constrained dominance as long as they
 * fit, of the first that does not the loneliest. The `elites` with the highest fitness are kept
 * before all others, so the compromise that the weights ask for is never lost to diversity.
 */
export const rankAndCrowding: SurvivalOperator = {
  name: "rank-and-crowding",
  survive(individuals, count, elites) {
    // Of equal objectives only the first gets a crowding distance: by key, the order of arrival
    // does not matter.
    const ranked = rankPopulation(individuals.toSorted(compareVectors));
    const byFitness = ranked.toSorted((a, b) => b.fitness - a.fitness || compareKeys(a, b));
    const kept = new Set(byFitness.slice(0, Math.min(elites, count)));
    const order = ranked.toSorted(
      (a, b) => a.rank - b.rank || b.crowding - a.crowding || compareKeys(a, b),
    );
    for (const individual of order) {
      if (kept.size >= count) break;
      kept.add(individual);
    }
    return order.filter((individual) => kept.has(individual));
  },
};

/**
 * The individuals with rank and crowding distance: the least violation first, equal ones as they
 * come.
 */
export function rankPopulation(individuals: readonly Individual[]): RankedIndividual[] {
  const ranked: RankedIndividual[] = [];
  const ordered = individuals.toSorted((a, b) =>
    a.violation < b.violation ? -1 : a.violation > b.violation ? 1 : 0,
  );
  let fronts = 0;
  for (let start = 0, end = 0; start < ordered.length; start = end) {
    while (end < ordered.length && ordered[end]!.violation === ordered[start]!.violation) end++;
    const level = ordered.slice(start, end);
    const width = level[0]!.objectives.length;
    const ranking = new Ranking(level.length, width);
    const points = Float64Array.from(level.flatMap(({ objectives }) => objectives));
    const count = ranking.update(points, level.length);
    for (const [i, individual] of level.entries())
      ranked.push({
        ...individual,
        rank: fronts + ranking.rank[i]!,
        crowding: ranking.crowding[i]!,
      });
    fronts += count;
  }
  return ranked;
}

/** By objectives, and of equal ones by key: the order in which individuals arrived has no say. */
function compareVectors(a: Individual, b: Individual): number {
  for (const [k, value] of a.objectives.entries())
    if (value !== b.objectives[k]) return value - b.objectives[k]!;
  return compareKeys(a, b);
}

function compareKeys(a: Individual, b: Individual): number {
  return a.genome.key < b.genome.key ? -1 : a.genome.key > b.genome.key ? 1 : 0;
}
