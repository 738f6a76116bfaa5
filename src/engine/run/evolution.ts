import { nextTask } from "../../async/next-task.js";
import type { Individual } from "../../evaluation/individual.js";
import { OBJECTIVE_NAMES } from "../../evaluation/objectives.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { VariationOperators } from "../../operators/built-in-operators.js";
import type { LimitRepair } from "../../operators/limit-repair.js";
import { Random } from "../../random/random.js";
import { Nsga2, type OperatorTrail, type ParentArchive } from "../../search/nsga2.js";
import { SeenGenomes } from "../../search/seen-genomes.js";
import {
  type InitialPopulationOptions,
  initialPopulation,
  MAX_REDRAWS,
} from "./initial-population.js";
import { operatorStages, type VariationRates } from "./operator-stages.js";

/** How a search goes. */
export interface EvolutionSettings
  extends VariationRates,
    Omit<InitialPopulationOptions, "size" | "scores"> {
  readonly populationSize: number;
  readonly elitismRatio: number;
  readonly seed: string | number;
  /** Scores by layer that the first population allocates bits by; absent = it does not. */
  readonly allocationScores?: ReadonlyMap<string, number> | undefined;
  /** Brings children within limits on their costs; absent = there are none. */
  readonly limitRepair?: LimitRepair | undefined;
  readonly operators: VariationOperators;
}

/** Whom a search asks. */
export interface EvolutionEvaluator {
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

/** Where a search stands between two generations. */
export interface EvolutionState {
  /** 0 for the first population. */
  readonly generation: number;
  /** In the order of the core's rows. */
  readonly population: readonly Individual[];
  /** How well each operator of each stage did lately. */
  readonly operatorCredit: readonly (readonly number[])[];
}

/**
 * The search of the engine: {@link Nsga2} over the genes of a space, a generation at a time. Every
 * generation draws from its own stream of the seed.
 */
export class Evolution {
  readonly #options: EvolutionSettings;
  readonly #evaluator: EvolutionEvaluator;
  readonly #core: Nsga2;
  /** By the number of each in the population. */
  readonly #individuals = new Map<number, Individual>();
  /** Vectors of genomes that this search made, which is all but those of user-made archives. */
  readonly #vectors = new WeakMap<QuantizationGenome, Uint16Array>();
  #vectorByKey = new Map<string, Uint16Array>();
  #nextId = 0;
  #generation = 0;

  constructor(options: EvolutionSettings, evaluator: EvolutionEvaluator) {
    this.#options = options;
    this.#evaluator = evaluator;
    const { space, populationSize, elitismRatio } = options;
    this.#core = new Nsga2({
      counts: space.counts,
      objectives: OBJECTIVES,
      populationSize,
      elites: Math.ceil(elitismRatio * populationSize),
      stages: operatorStages(options.operators, space, options),
    });
  }

  /** Where the search stands. */
  get state(): EvolutionState {
    const { population } = this.#core;
    return {
      generation: this.#generation,
      population: Array.from(
        { length: population.size },
        (_, row) => this.#individuals.get(population.ids[row]!)!,
      ),
      operatorCredit: this.#core.credit,
    };
  }

  /** The first population, evaluated. */
  async start(): Promise<EvolutionState> {
    const random = new Random(this.#options.seed).child("generation 0");
    const vectors = await initialPopulation(
      {
        ...this.#options,
        size: this.#options.populationSize,
        scores: this.#options.allocationScores,
      },
      random,
    );
    await this.#evaluate(vectors.map((vector) => this.#decode(vector)));
    return this.state;
  }

  /** Children of the present population and archive compete with it for the next one. */
  async evolve(): Promise<EvolutionState> {
    this.#generation++;
    const random = new Random(this.#options.seed).child(`generation ${this.#generation}`);
    const { populationSize } = this.#options;
    const evaluator = this.#evaluator;
    const count = populationSize * (evaluator.childrenPerPlace ?? 1);
    const children = await this.#children(count, random);
    const all = children.map(({ genome }) => genome);
    const chosen = evaluator.screen?.(all, populationSize) ?? all;
    await this.#evaluate(chosen);
    // A gain is what nothing beats so far; children that were not evaluated say nothing about the
    // operators that made them.
    const keys = new Set(chosen.map((genome) => genome.key));
    const front = new Set(evaluator.front.map((genome) => genome.key));
    for (const { genome, trail } of children)
      if (keys.has(genome.key)) this.#core.reward(trail, front.has(genome.key));
    return this.state;
  }

  /**
   * Up to `count` children, no two alike and none in the population. Genomes that are known are
   * drawn again a bounded number of times; what is left after that is kept, the cache has it. The
   * event loop has its turn between children; fewer after an abort.
   */
  async #children(
    count: number,
    random: Random,
  ): Promise<readonly { genome: QuantizationGenome; trail: OperatorTrail }[]> {
    const { space, limitRepair, signal } = this.#options;
    const seen = new SeenGenomes(space.genes.length);
    const { population } = this.#core;
    for (let row = 0; row < population.size; row++) seen.add(population.row(row));
    const archive = this.#archive();
    const children: { genome: QuantizationGenome; trail: OperatorTrail }[] = [];
    const drawn = new Uint16Array(space.genes.length);
    for (let place = 0; place < count; place++) {
      await nextTask();
      if (signal?.aborted) break;
      let child: { genome: QuantizationGenome; trail: OperatorTrail } | undefined;
      for (let draw = 0; draw < MAX_REDRAWS; draw++) {
        const trail = this.#core.breed(drawn, archive, random);
        space.normalize(drawn);
        limitRepair?.(drawn, space);
        if (!seen.add(drawn)) continue;
        child = { genome: this.#decode(drawn.slice()), trail };
        if (!this.#evaluator.isKnown(child.genome)) break;
      }
      if (child !== undefined) children.push(child);
    }
    return children;
  }

  #archive(): ParentArchive {
    const { front } = this.#evaluator;
    return {
      size: front.length,
      read: (into, random) => into.set(this.#vectorOf(random.pick(front))),
    };
  }

  #decode(vector: Uint16Array): QuantizationGenome {
    const genome = this.#options.space.decode(vector);
    this.#vectors.set(genome, vector);
    return genome;
  }

  /** Genomes come back from evaluation as copies with metrics: those are known by their key. */
  #vectorOf(genome: QuantizationGenome): Uint16Array {
    let vector = this.#vectors.get(genome) ?? this.#vectorByKey.get(genome.key);
    if (vector === undefined) vector = this.#options.space.encode(genome);
    this.#vectors.set(genome, vector);
    return vector;
  }

  async #evaluate(genomes: readonly QuantizationGenome[]): Promise<void> {
    this.#vectorByKey = new Map(genomes.map((genome) => [genome.key, this.#vectorOf(genome)]));
    const { population } = this.#core;
    const evaluated = await this.#evaluator.evaluate(genomes);
    const present = new Set(this.state.population.map(({ genome }) => genome.key));
    for (const individual of evaluated) {
      if (population.children >= population.brood || present.has(individual.genome.key)) continue;
      const row = population.next;
      population.row(row).set(this.#vectorOf(individual.genome));
      population.points.set(individual.objectives, row * OBJECTIVES);
      population.describe(individual.violation, individual.fitness, this.#nextId);
      this.#individuals.set(this.#nextId++, individual);
      population.keep();
    }
    this.#core.survive();
    const kept = new Set(population.ids.subarray(0, population.size));
    for (const id of this.#individuals.keys()) if (!kept.has(id)) this.#individuals.delete(id);
  }
}

const OBJECTIVES = OBJECTIVE_NAMES.length;
