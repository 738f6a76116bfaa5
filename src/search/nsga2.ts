import type { Random } from "../random/random.js";
import { AdaptiveRates } from "./adaptive-rates.js";
import { Population } from "./population.js";
import type { VectorOperator } from "./vector-operator.js";

/** Operators of which a child meets one at most, drawn by how well they did lately. */
export interface OperatorStage {
  /** Probability that a child meets one, 0 to 1. */
  readonly chance: number;
  readonly operators: readonly VectorOperator[];
}

/** Everything that nothing beats so far: some parents come from it. */
export interface ParentArchive {
  readonly size: number;
  /** Copies one of the members. Asked only while there are some. */
  read(into: Uint16Array, random: Random): void;
}

/** How {@link Nsga2} searches. */
export interface Nsga2Options {
  /** Choices of each gene, 1 to 65,535. */
  readonly counts: Uint16Array;
  /** At least 1, all minimised. */
  readonly objectives: number;
  readonly populationSize: number;
  /** Most children of a generation. Default: `populationSize`. */
  readonly brood?: number | undefined;
  /** Members kept for their fitness alone, 0 to `populationSize`. Default 0. */
  readonly elites?: number | undefined;
  /** What a child goes through, in order. */
  readonly stages: readonly OperatorStage[];
}

/** Place of the operator of each stage that a child met; -1 = it met none. */
export type OperatorTrail = readonly number[];

/**
 * NSGA-II (Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic
 * algorithm", 2002) over vectors of choices, with an archive of everything that nothing beats:
 * half of the parents come from it, as the population is small and forgets. Operators are drawn in
 * proportion to how often their children were a gain lately (see {@link AdaptiveRates}).
 *
 * It makes children and picks who survives. Whoever uses it evaluates: synchronously one by one
 * (`evolveChoices`) or a generation at a time (the engine).
 */
export class Nsga2 {
  readonly population: Population<Uint16Array>;
  readonly stages: readonly OperatorStage[];
  readonly #rates: readonly AdaptiveRates[];
  readonly #elites: number;
  readonly #mate: Uint16Array;

  constructor(options: Nsga2Options) {
    const { counts, objectives, populationSize, brood = populationSize, elites = 0 } = options;
    this.population = new Population(
      new Uint16Array((populationSize + brood) * counts.length),
      counts.length,
      objectives,
      populationSize,
      brood,
    );
    this.stages = options.stages;
    this.#rates = this.stages.map(({ operators }) => new AdaptiveRates(operators.length));
    this.#elites = elites;
    this.#mate = new Uint16Array(counts.length);
  }

  /** Makes a child in `child`. Needs a population that survived, or an archive. */
  breed(child: Uint16Array, archive: ParentArchive, random: Random): OperatorTrail {
    const trail = this.stages.map(({ chance, operators }, at) =>
      operators.length > 0 && (chance >= 1 || random.chance(chance))
        ? this.#rates[at]!.draw(random)
        : -1,
    );
    this.#parent(child, archive, random);
    for (const [at, { operators }] of this.stages.entries()) {
      const operator = operators[trail[at]!];
      if (operator === undefined) continue;
      if (operator.mates) this.#parent(this.#mate, archive, random);
      operator.vary(child, this.#mate, random);
    }
    return trail;
  }

  #parent(into: Uint16Array, archive: ParentArchive, random: Random): void {
    const { population } = this;
    if (random.chance(0.5) && population.size > 0) into.set(population.row(this.#winner(random)));
    else if (archive.size > 0) archive.read(into, random);
    else into.set(population.row(this.#winner(random)));
  }

  /**
   * Where there is a fitness, half of the winners are chosen for it: with four objectives nearly
   * everyone is on the first front, and crowding alone gives the search no direction.
   */
  #winner(random: Random): number {
    return this.population.hasFitness && random.chance(0.5)
      ? this.population.fitnessTournament(random)
      : this.population.tournament(random);
  }

  /** Counts whether a child was a gain for the operators that made it. */
  reward(trail: OperatorTrail, gain: boolean): void {
    for (const [stage, operator] of trail.entries())
      if (operator >= 0) this.#rates[stage]!.reward(operator, gain ? 1 : 0);
  }

  /** Parents and children compete for the places. */
  survive(): void {
    this.population.survive(this.#elites);
  }

  /** How well each operator of each stage did lately, 0 to 1: plain data. */
  get credit(): readonly (readonly number[])[] {
    return this.#rates.map(({ quality }) => quality);
  }

  /** How likely each operator is where its stage is met, by name. */
  get rates(): ReadonlyMap<string, number> {
    return new Map(
      this.stages.flatMap(({ operators }, stage) => {
        const { probabilities } = this.#rates[stage]!;
        return operators.map(({ name }, at) => [name, probabilities[at]!] as const);
      }),
    );
  }
}
