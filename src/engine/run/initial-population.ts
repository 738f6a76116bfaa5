import { nextTask } from "../../async/next-task.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import type { SamplingOperator } from "../../operators/contract.js";
import { randomSampling } from "../../operators/sampling/random-sampling.js";
import { sensitivityAllocation } from "../../operators/sampling/sensitivity-allocation.js";
import { uniformAnchors } from "../../operators/sampling/uniform-anchors.js";
import type { Random } from "../../random/random.js";
import { SeenGenomes } from "../../search/seen-genomes.js";
import { checkSampled, operatorFault } from "./operator-fault.js";

/** Draws before a place in the population stays empty because the space has nothing new. */
export const MAX_REDRAWS = 20;

/** What the first population is made from. */
export interface InitialPopulationOptions {
  readonly space: GeneSpace;
  readonly size: number;
  /** Scores by layer that genomes allocate bits by; absent = none do. */
  readonly scores?: ReadonlyMap<string, number> | undefined;
  /** Genomes that it should have; absent = none. */
  readonly seeds?: SamplingOperator | undefined;
  /** Most seeds, as a share of the size. Default a quarter. */
  readonly seedShare?: number | undefined;
  /** The user's own, after the seeds: each may fill up to a quarter. */
  readonly custom?: readonly SamplingOperator[] | undefined;
  /** Once aborted, no more genomes are made. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The first population, without repetition: uniform-precision anchors, then (with `seeds`) seeds up
 * to `seedShare` of the size, custom genomes, (with `scores`) up to a quarter, or beside seeds an
 * eighth, of mixed-precision genomes that follow the scores, then random ones. Smaller than `size`
 * only when the space is, or after an abort: the event loop has its turn between genomes.
 */
export async function initialPopulation(
  options: InitialPopulationOptions,
  random: Random,
): Promise<readonly Uint16Array[]> {
  const { space, size, scores, seeds, seedShare = 1 / 4, custom = [], signal } = options;
  const population: Uint16Array[] = [];
  const seen = new SeenGenomes(space.genes.length);
  const add = async (operator: SamplingOperator, count: number) => {
    if (signal?.aborted) return;
    await nextTask();
    for (const genes of operator.sample({ space, count, random })) {
      await nextTask();
      if (population.length >= size) return;
      const genome = genes.slice();
      space.normalize(genome);
      if (seen.add(genome)) population.push(genome);
    }
  };
  await add(uniformAnchors, size);
  if (seeds !== undefined) await add(seeds, Math.ceil(size * seedShare));
  for (const operator of custom) await add(checked(operator), Math.ceil(size / 4));
  if (scores !== undefined)
    await add(sensitivityAllocation(scores), Math.ceil(size / (seeds === undefined ? 4 : 8)));
  for (let misses = 0; population.length < size && misses < MAX_REDRAWS; ) {
    if (signal?.aborted) break;
    const before = population.length;
    await add(randomSampling, 1);
    misses = population.length === before ? misses + 1 : 0;
  }
  return population;
}

/** A user's sampling, whose faults name it. */
function checked(operator: SamplingOperator): SamplingOperator {
  const { name } = operator;
  return {
    name,
    sample(context) {
      let genomes: readonly Uint16Array[];
      try {
        genomes = operator.sample(context);
      } catch (error) {
        throw operatorFault(name, error);
      }
      return checkSampled(genomes, context.space, name);
    },
  };
}
