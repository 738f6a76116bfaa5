import type { LayerQuantConfigFields } from "../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { SearchSpace } from "../genes/search-space.js";
import type { Random } from "../random/random.js";

/**
 * The genomes that a search may visit, with what concerns several layers or takes a setting out of
 * the search.
 */
export interface SearchRules extends SearchSpace {
  /** Settings that are fixed, by layer name. They hold whatever the space says. */
  readonly pinned: ReadonlyMap<string, Partial<LayerQuantConfigFields>>;
  /**
   * All layers have the same weight bits and the same activation bits, as far as these are not
   * pinned.
   */
  readonly uniformPrecision: boolean;
  /** Parameters of each layer, carried into every genome. */
  readonly parameterCounts: ReadonlyMap<string, number>;
}

/** Makes genomes from nothing. Those it makes may break the rules: they are repaired afterwards. */
export interface SamplingOperator {
  readonly name: string;
  /** At most `count` genomes; the ones that matter most come first. */
  sample(rules: SearchRules, count: number, random: Random): readonly QuantizationGenome[];
}

/**
 * Makes two children of two parents that have the same layers in the same order. Children of
 * parents within the rules are within them: tied layers go together, pinned settings stay, uniform
 * precision stays uniform.
 */
export interface CrossoverOperator {
  readonly name: string;
  cross(
    a: QuantizationGenome,
    b: QuantizationGenome,
    rules: SearchRules,
    random: Random,
  ): readonly [QuantizationGenome, QuantizationGenome];
}

/**
 * Makes a changed copy of a genome, within the rules if that is. `rate` is the probability that a
 * layer changes, 0 to 1; operators that change a set number of layers do not read it.
 */
export interface MutationOperator {
  readonly name: string;
  mutate(
    genome: QuantizationGenome,
    rules: SearchRules,
    rate: number,
    random: Random,
  ): QuantizationGenome;
}

/** Brings a genome back within the rules. Repairing twice changes nothing more. */
export interface RepairOperator {
  readonly name: string;
  repair(genome: QuantizationGenome, rules: SearchRules): QuantizationGenome;
}

/** An evaluated genome as selection and survival see it. */
export interface Individual {
  readonly genome: QuantizationGenome;
  /** All minimised. */
  readonly objectives: readonly number[];
  /** Total constraint violation; 0 when feasible. */
  readonly violation: number;
  /** Weighted fitness, larger is better. */
  readonly fitness: number;
}

/** An individual with its place in the population. */
export interface RankedIndividual extends Individual {
  /** Front it lies on under constrained dominance; 0 is best. */
  readonly rank: number;
  /** Crowding distance within its front; larger is lonelier. */
  readonly crowding: number;
}

/** Picks a parent. */
export interface SelectionOperator {
  readonly name: string;
  select(population: readonly RankedIndividual[], random: Random): RankedIndividual;
}

/** Picks who lives on. */
export interface SurvivalOperator {
  readonly name: string;
  /**
   * At most `count` individuals, best first. `elites` (0 to `count`) of them are kept for their
   * fitness alone.
   */
  survive(
    individuals: readonly Individual[],
    count: number,
    elites: number,
  ): readonly RankedIndividual[];
}
