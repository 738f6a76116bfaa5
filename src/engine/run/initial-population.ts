import { nextTask } from "../../async/next-task.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { SamplingOperator, SearchRules } from "../../operators/contract.js";
import { repairToRules } from "../../operators/repair/repair-to-rules.js";
import { randomSampling } from "../../operators/sampling/random-sampling.js";
import { sensitivityAllocation } from "../../operators/sampling/sensitivity-allocation.js";
import { uniformAnchors } from "../../operators/sampling/uniform-anchors.js";
import type { Random } from "../../random/random.js";

/** Draws before a place in the population stays empty because the space has nothing new. */
export const MAX_REDRAWS = 20;

/**
 * The first population, without repetition: uniform-precision anchors, then (with `seeds`) seeds up
 * to `seedShare` of the size, (with `scores`) up to a quarter, or beside seeds an eighth, of
 * mixed-precision genomes that follow the scores, then random ones. Smaller than `size` only when
 * the space is, or after an abort: the event loop has its turn between genomes.
 */
export async function initialPopulation(
  rules: SearchRules,
  size: number,
  random: Random,
  scores?: ReadonlyMap<string, number>,
  seeds?: SamplingOperator,
  seedShare = 1 / 4,
  signal?: AbortSignal,
): Promise<readonly QuantizationGenome[]> {
  const population = new Map<string, QuantizationGenome>();
  const add = async (genomes: readonly QuantizationGenome[]) => {
    for (const genome of genomes) {
      await nextTask();
      const repaired = repairToRules.repair(genome, rules);
      if (population.size < size && !population.has(repaired.key))
        population.set(repaired.key, repaired);
    }
  };
  await add(uniformAnchors.sample(rules, size, random));
  await nextTask();
  if (seeds !== undefined && !signal?.aborted)
    await add(seeds.sample(rules, Math.ceil(size * seedShare), random));
  await nextTask();
  if (scores !== undefined && !signal?.aborted)
    await add(
      sensitivityAllocation(scores).sample(
        rules,
        Math.ceil(size / (seeds === undefined ? 4 : 8)),
        random,
      ),
    );
  for (let misses = 0; population.size < size && misses < MAX_REDRAWS; ) {
    if (signal?.aborted) break;
    const before = population.size;
    await add(randomSampling.sample(rules, 1, random));
    misses = population.size === before ? misses + 1 : 0;
  }
  return [...population.values()];
}
