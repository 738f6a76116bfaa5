import type { QuantizationGenome } from "../../genome/quantization-genome.js";

/**
 * The genome with the highest weighted fitness (infeasible ones are below all feasible ones); of
 * equals the first.
 */
export function fittest(genomes: readonly QuantizationGenome[]): QuantizationGenome | undefined {
  let best = genomes[0];
  for (const genome of genomes) if (best && genome.fitnessScore > best.fitnessScore) best = genome;
  return best;
}
