import { nextTask } from "../../async/next-task.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type {
  RankedIndividual,
  RepairOperator,
  SearchRules,
  SelectionOperator,
} from "../../operators/contract.js";
import { repairToRules } from "../../operators/repair/repair-to-rules.js";
import { binaryTournament } from "../../operators/selection/binary-tournament.js";
import { fitnessTournament } from "../../operators/selection/fitness-tournament.js";
import type { Random } from "../../random/random.js";
import { MAX_REDRAWS } from "./initial-population.js";
import type { Makers, OperatorRates, VariationOperators } from "./variation.js";

/** Where parents come from. */
export interface ParentPools {
  readonly population: readonly RankedIndividual[];
  /** Everything that nothing beats, however long ago it left the population. */
  readonly archive: readonly QuantizationGenome[];
}

/** How children are made. */
export interface VariationRates {
  readonly mutationRate: number;
  readonly crossoverRate: number;
}

/** What makes children. */
export interface VariationParts {
  readonly rules: SearchRules;
  readonly rates: VariationRates;
  readonly operators: VariationOperators;
  readonly operatorRates: OperatorRates;
  /** Brings a child within limits on its costs; absent = there are none. */
  readonly limitRepair?: RepairOperator | undefined;
}

/** A genome and what made it. */
export interface Child {
  readonly genome: QuantizationGenome;
  readonly makers: Makers;
}

/**
 * Half of the parents are chosen for rank and crowding, half for weighted fitness: with four
 * objectives nearly everyone is on the first front, and crowding alone gives the search no
 * direction.
 */
const SELECTIONS: readonly SelectionOperator[] = [binaryTournament, fitnessTournament];
/** Share of the parents that come from the archive: the population is small and forgets. */
const ARCHIVE_SHARE = 0.5;

/**
 * Up to `count` children, no two alike. Genomes that `isKnown` are drawn again a bounded number of
 * times; what is left after that is kept, the cache has it. The event loop has its turn between
 * children; fewer after an abort.
 */
export async function makeOffspring(
  parents: ParentPools,
  count: number,
  parts: VariationParts,
  random: Random,
  isKnown: (genome: QuantizationGenome) => boolean,
  signal?: AbortSignal,
): Promise<readonly Child[]> {
  const children = new Map<string, Child>();
  const pending: Child[] = [];
  for (let place = 0; place < count; place++) {
    await nextTask();
    if (signal?.aborted) break;
    let child: Child | undefined;
    for (let draw = 0; draw < MAX_REDRAWS; draw++) {
      if (pending.length === 0) pending.push(...mate(parents, parts, random));
      const drawn = mutate(pending.pop()!, parts, random);
      if (children.has(drawn.genome.key)) continue;
      child = drawn;
      if (!isKnown(drawn.genome)) break;
    }
    if (child !== undefined) children.set(child.genome.key, child);
  }
  return [...children.values()];
}

function mate(parents: ParentPools, parts: VariationParts, random: Random): readonly Child[] {
  const a = parent(parents, random);
  if (!random.chance(parts.rates.crossoverRate))
    return [{ genome: a, makers: { crossover: -1, mutation: -1 } }];
  const crossover = parts.operatorRates.drawCrossover(random);
  const pair = parts.operators.crossovers[crossover]!.cross(
    a,
    parent(parents, random),
    parts.rules,
    random,
  );
  return pair.map((genome) => ({ genome, makers: { crossover, mutation: -1 } }));
}

/**
 * The blanket mutation changes each layer with the rate's probability; those that change a few
 * layers come as often as it changes one of five.
 */
function mutate({ genome, makers }: Child, parts: VariationParts, random: Random): Child {
  const { rules, rates, operators, operatorRates, limitRepair } = parts;
  const mutation = random.chance(Math.min(1, rates.mutationRate * 5))
    ? operatorRates.drawMutation(random)
    : -1;
  const changed =
    mutation < 0
      ? genome
      : operators.mutations[mutation]!.mutate(genome, rules, rates.mutationRate, random);
  const repaired = repairToRules.repair(changed, rules);
  return {
    genome: limitRepair === undefined ? repaired : limitRepair.repair(repaired, rules),
    makers: { ...makers, mutation },
  };
}

function parent({ population, archive }: ParentPools, random: Random): QuantizationGenome {
  if (archive.length > 0 && random.chance(ARCHIVE_SHARE)) return random.pick(archive);
  return random.pick(SELECTIONS).select(population, random).genome;
}
