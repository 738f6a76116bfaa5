import type { QuantizationGenome } from "../../genome/quantization-genome.js";

/**
 * The genome with the highest weighted fitness, the first of equals. Every infeasible genome is
 * below every feasible one.
 * @param genomes evaluated genomes
 * @returns undefined for an empty list
 */
export function fittest(genomes: readonly QuantizationGenome[]): QuantizationGenome | undefined {
  let best = genomes[0];
  for (const genome of genomes) if (best && genome.fitnessScore > best.fitnessScore) best = genome;
  return best;
}
