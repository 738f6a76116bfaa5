import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type {
  CrossoverOperator,
  MutationOperator,
  RankedIndividual,
  SearchRules,
  SelectionOperator,
} from "../operators/contract.js";
import { twoPointCrossover } from "../operators/crossover/two-point-crossover.js";
import { uniformCrossover } from "../operators/crossover/uniform-crossover.js";
import { precisionShift } from "../operators/mutation/precision-shift.js";
import { stepMutation } from "../operators/mutation/step-mutation.js";
import { repairToRules } from "../operators/repair/repair-to-rules.js";
import { binaryTournament } from "../operators/selection/binary-tournament.js";
import { fitnessTournament } from "../operators/selection/fitness-tournament.js";
import type { Random } from "../random/random.js";
import { MAX_REDRAWS } from "./initial-population.js";

/** How children are made. */
export interface VariationRates {
  readonly mutationRate: number;
  readonly crossoverRate: number;
}

const CROSSOVERS: readonly CrossoverOperator[] = [uniformCrossover, twoPointCrossover];
/**
 * Half of the parents are chosen for rank and crowding, half for weighted fitness: with four objectives nearly
 * everyone is on the first front, and crowding alone gives the search no direction.
 */
const SELECTIONS: readonly SelectionOperator[] = [binaryTournament, fitnessTournament];
/** Share of the mutations that shift precision by the scores, where there are scores. */
const SHIFT_SHARE = 0.25;

/**
 * Up to `count` children, no two alike. Genomes that `isKnown` are drawn again a bounded number of times; what is
 * left after that is kept, the cache has it.
 */
export function makeOffspring(
  parents: readonly RankedIndividual[],
  count: number,
  rules: SearchRules,
  rates: VariationRates,
  random: Random,
  isKnown: (genome: QuantizationGenome) => boolean,
  scores?: ReadonlyMap<string, number>,
): readonly QuantizationGenome[] {
  const shift = scores === undefined || rules.uniformPrecision ? undefined : precisionShift(scores);
  const children = new Map<string, QuantizationGenome>();
  const pending: QuantizationGenome[] = [];
  for (let place = 0; place < count; place++) {
    let child: QuantizationGenome | undefined;
    for (let draw = 0; draw < MAX_REDRAWS; draw++) {
      if (pending.length === 0) pending.push(...mate(parents, rates.crossoverRate, random));
      const mutation: MutationOperator =
        shift !== undefined && random.chance(SHIFT_SHARE * Math.min(1, rates.mutationRate * 5))
          ? shift
          : stepMutation;
      const drawn = repairToRules.repair(
        mutation.mutate(pending.pop()!, rules, rates.mutationRate, random),
        rules,
      );
      if (children.has(drawn.key)) continue;
      child = drawn;
      if (!isKnown(drawn)) break;
    }
    if (child !== undefined) children.set(child.key, child);
  }
  return [...children.values()];
}

function mate(
  parents: readonly RankedIndividual[],
  crossoverRate: number,
  random: Random,
): readonly QuantizationGenome[] {
  const a = random.pick(SELECTIONS).select(parents, random).genome;
  if (!random.chance(crossoverRate)) return [a];
  const b = random.pick(SELECTIONS).select(parents, random).genome;
  return random.pick(CROSSOVERS).cross(a, b, random);
}
