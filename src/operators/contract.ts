import type { GeneSpace } from "../genome/gene-space.js";
import type { Random } from "../random/random.js";

/** What variation works with. */
export interface VariationContext {
  /** The genes: whose they are, their choices, and what a vector of them stands for. */
  readonly space: GeneSpace;
  readonly random: Random;
}

/** What mutation works with. */
export interface MutationContext extends VariationContext {
  /**
   * Probability that a layer changes, 0 to 1; operators that change a set number do not read it.
   */
  readonly rate: number;
}

/**
 * Changes a genome. Each gene is an index into the choices of `context.space.genes`; every vector
 * below `space.counts` stands for a genome that keeps ties, pins and uniform precision.
 *
 * @example
 * // Gives one layer its widest weights.
 * const widen: MutationOperator = {
 *   name: "widen",
 *   mutate(genes, { space, random }) {
 *     const unit = random.integer(space.units.length);
 *     const gene = space.geneOfUnit(unit, "weightBits");
 *     if (gene >= 0) genes[gene] = space.counts[gene]! - 1;
 *   },
 * };
 * new QuantizationEvolutionEngine(config, { operators: { mutations: [widen] } });
 */
export interface MutationOperator {
  /** A name of its own: a checkpoint knows it by that. */
  readonly name: string;
  /** @param genes one choice for each gene of the space; changed in place */
  mutate(genes: Uint16Array, context: MutationContext): void;
}

/** Makes a child of two genomes. */
export interface CrossoverOperator {
  /** A name of its own. */
  readonly name: string;
  /**
   * @param child a copy of the first parent; takes genes of the second, in place
   * @param mate the second parent, to be read only
   */
  cross(child: Uint16Array, mate: Uint16Array, context: VariationContext): void;
}

/** What sampling works with. */
export interface SamplingContext extends VariationContext {
  /** Most genomes that are wanted. */
  readonly count: number;
}

/** Makes genomes from nothing, for the first population. */
export interface SamplingOperator {
  /** A name of its own. */
  readonly name: string;
  /** At most `count` genomes; the ones that matter most come first. */
  sample(context: SamplingContext): readonly Uint16Array[];
}
