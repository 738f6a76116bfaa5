import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type {
  Individual,
  RankedIndividual,
  RepairOperator,
  SamplingOperator,
  SearchRules,
} from "../../operators/contract.js";
import { rankAndCrowding } from "../../operators/survival/rank-and-crowding.js";
import { Random } from "../../random/random.js";
import { initialPopulation } from "./initial-population.js";
import { makeOffspring, type VariationRates } from "./offspring.js";
import {
  builtInOperators,
  type OperatorCredit,
  OperatorRates,
  type VariationOperators,
} from "./variation.js";

/**
 * Where a search stands between two generations: all that the next generation depends on, beside
 * its rules.
 */
export interface EvolutionState {
  /** 0 for the first population. */
  readonly generation: number;
  /** Best first. */
  readonly population: readonly RankedIndividual[];
  /** How well each operator did lately; absent = no child was made yet. */
  readonly operatorCredit?: OperatorCredit | undefined;
}

/** What a search goes by. */
export interface EvolutionRules extends VariationRates {
  readonly space: SearchRules;
  readonly populationSize: number;
  readonly elitismRatio: number;
  readonly seed: string | number;
  /** Scores by layer that the first population allocates bits by; absent = it does not. */
  readonly allocationScores?: ReadonlyMap<string, number> | undefined;
  /** Scores by layer that mutation shifts precision by; absent = it does not. */
  readonly mutationScores?: ReadonlyMap<string, number> | undefined;
  /** Genomes that the first population should have; absent = none. */
  readonly seeds?: SamplingOperator | undefined;
  /** Most seeds, as a share of the first population. Default a quarter. */
  readonly seedShare?: number | undefined;
  /** Brings genomes within limits on their costs; absent = there are none. */
  readonly limitRepair?: RepairOperator | undefined;
  /** Once aborted, no more genomes are made. */
  readonly signal?: AbortSignal | undefined;
  /** Default: {@link builtInOperators}. */
  readonly operators?: VariationOperators | undefined;
}

/** What a search asks of the outside. */
export interface EvolutionSurroundings {
  /** Evaluates genomes, in order; those that fail are missing from the answer. */
  evaluate(genomes: readonly QuantizationGenome[]): Promise<readonly Individual[]>;
  /** The genome's fate is known already. */
  isKnown(genome: QuantizationGenome): boolean;
  /** Everything evaluated so far that nothing beats: some parents come from it. */
  readonly front: readonly QuantizationGenome[];
  /** Children to make for each one that is to be evaluated. Default 1. */
  readonly childrenPerPlace?: number | undefined;
  /** At most `count` of the children: those worth an evaluation. Default: all are. */
  screen?(children: readonly QuantizationGenome[], count: number): readonly QuantizationGenome[];
}

/** The first population, evaluated. */
export async function startEvolution(
  rules: EvolutionRules,
  surroundings: EvolutionSurroundings,
): Promise<EvolutionState> {
  const random = new Random(rules.seed).child("generation 0");
  const genomes = await initialPopulation(
    rules.space,
    rules.populationSize,
    random,
    rules.allocationScores,
    rules.seeds,
    rules.seedShare,
    rules.signal,
  );
  return { generation: 0, population: survivors(await surroundings.evaluate(genomes), rules) };
}

/**
 * One generation of NSGA-II (Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective
 * genetic algorithm", 2002): children of tournament winners (see {@link makeOffspring}) compete
 * with their parents for the places of the next population. State in, state out: every generation
 * draws from its own stream of the seed.
 */
export async function evolveGeneration(
  state: EvolutionState,
  rules: EvolutionRules,
  surroundings: EvolutionSurroundings,
): Promise<EvolutionState> {
  const generation = state.generation + 1;
  const random = new Random(rules.seed).child(`generation ${generation}`);
  const present = new Set(state.population.map((individual) => individual.genome.key));
  const operators = rules.operators ?? builtInOperators(rules.mutationScores);
  const operatorRates = new OperatorRates(operators, state.operatorCredit);
  const offspring = await makeOffspring(
    { population: state.population, archive: surroundings.front },
    rules.populationSize * (surroundings.childrenPerPlace ?? 1),
    { rules: rules.space, rates: rules, operators, operatorRates, limitRepair: rules.limitRepair },
    random,
    (genome) => present.has(genome.key) || surroundings.isKnown(genome),
    rules.signal,
  );
  const made = offspring.filter(({ genome }) => !present.has(genome.key));
  const all = made.map(({ genome }) => genome);
  const chosen = surroundings.screen?.(all, rules.populationSize) ?? all;
  const evaluated = await surroundings.evaluate(chosen);
  // A gain is what nothing beats so far; children that were not evaluated say nothing about who
  // made them.
  const keys = new Set(chosen.map((genome) => genome.key));
  const front = new Set(surroundings.front.map((genome) => genome.key));
  for (const { genome, makers } of made)
    if (keys.has(genome.key)) operatorRates.reward(makers, front.has(genome.key));
  return {
    generation,
    population: survivors([...state.population, ...evaluated], rules),
    operatorCredit: operatorRates.credit,
  };
}

function survivors(
  individuals: readonly Individual[],
  rules: EvolutionRules,
): readonly RankedIndividual[] {
  const elites = Math.ceil(rules.elitismRatio * rules.populationSize);
  return rankAndCrowding.survive(individuals, rules.populationSize, elites);
}
