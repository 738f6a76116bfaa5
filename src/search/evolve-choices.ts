import { Random } from "../random/random.js";
import { blockMix, guidedSwap, redraw, steps, swap, uniformMix } from "./blind-operators.js";
import type { ChoiceProblem } from "./choice-problem.js";
import { Nsga2 } from "./nsga2.js";
import { SeenGenomes } from "./seen-genomes.js";
import { VectorArchive } from "./vector-archive.js";

/** How {@link evolveChoices} searches. */
export interface ChoiceSearchOptions {
  readonly seed: string | number;
  /** Most evaluations; no genome is evaluated twice. */
  readonly maxEvaluations: number;
  /** Default 100. */
  readonly populationSize?: number | undefined;
  /** Genomes to begin with, before uniform and random ones: one choice index per gene. */
  readonly seeds?: readonly ArrayLike<number>[] | undefined;
  /** Told every genome that is evaluated, with its number from 1 on. The array is used again. */
  readonly onEvaluation?: ((genes: Uint16Array, evaluation: number) => void) | undefined;
}

/** What {@link evolveChoices} found. */
export interface ChoiceSearchResult {
  /**
   * Everything that was evaluated and that nothing else evaluated beats; owners index `genomes`.
   */
  readonly archive: VectorArchive;
  /** Every genome that was evaluated, row by row, in order. */
  readonly genomes: Uint16Array;
  readonly evaluations: number;
  /** How likely each operator was at the end, by name. */
  readonly rates: ReadonlyMap<string, number>;
}

const REDRAWS = 20;
/** Children in a row that are all known, after which there is taken to be nothing new. */
const MOST_MISSES = 2000;

/**
 * NSGA-II on choice tables (Deb et al., 2002) with an archive of everything that nothing beats:
 * half of the parents come from it. Children are made by operators that know the domain, drawn in
 * proportion to how often theirs lately entered the archive; no genome is evaluated twice. Begins
 * with the given genomes, uniform ones and random ones. Deterministic. Ends after `maxEvaluations`,
 * or earlier when nothing new can be found.
 */
export function evolveChoices(
  problem: ChoiceProblem,
  options: ChoiceSearchOptions,
): ChoiceSearchResult {
  const { counts, objectives } = problem;
  const geneCount = counts.length;
  const { maxEvaluations, populationSize = 100 } = options;
  const random = new Random(options.seed);
  const operators = [
    uniformMix(counts),
    blockMix(counts),
    steps(counts),
    swap(counts),
    redraw(counts),
    ...(problem.estimates === undefined ? [] : [guidedSwap(problem)]),
  ];
  const search = new Nsga2({
    counts,
    objectives,
    populationSize,
    stages: [{ chance: 1, operators }],
  });
  const { population } = search;
  const genomes = new Uint16Array(maxEvaluations * geneCount);
  const seen = new SeenGenomes(geneCount);
  const archive = new VectorArchive(objectives);
  let evaluations = 0;

  /** Evaluates the row behind the population unless it is known; 1 when it entered the archive. */
  const tryNext = (child: Uint16Array): number | undefined => {
    if (evaluations >= maxEvaluations || !seen.add(child)) return undefined;
    const row = population.next;
    problem.evaluate(child, population.points, row * objectives);
    genomes.set(child, evaluations * geneCount);
    const entered = archive.insert(population.points, row, evaluations) ? 1 : 0;
    evaluations++;
    population.keep();
    options.onEvaluation?.(child, evaluations);
    return entered;
  };
  const room = () => population.children < populationSize && evaluations < maxEvaluations;

  for (const seed of options.seeds ?? []) {
    if (population.children === populationSize) search.survive();
    const child = population.row(population.next);
    child.set(seed);
    tryNext(child);
  }
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  for (let level = 0; level < most && room(); level++) {
    const child = population.row(population.next);
    for (let g = 0; g < geneCount; g++)
      child[g] = most === 1 ? 0 : Math.round((level * (counts[g]! - 1)) / (most - 1));
    tryNext(child);
  }
  for (let misses = 0; population.size === 0 && room() && misses < REDRAWS; ) {
    const child = population.row(population.next);
    for (let g = 0; g < geneCount; g++) child[g] = random.integer(counts[g]!);
    if (tryNext(child) === undefined) misses++;
  }
  search.survive();

  const parents = {
    get size() {
      return archive.size;
    },
    read(into: Uint16Array) {
      const owner = archive.pick(random.next(), random.next());
      into.set(genomes.subarray(owner * geneCount, (owner + 1) * geneCount));
    },
  };
  for (let misses = 0; evaluations < maxEvaluations && misses < MOST_MISSES; ) {
    while (room() && misses < MOST_MISSES) {
      const child = population.row(population.next);
      const trail = search.breed(child, parents, random);
      const gain = tryNext(child);
      if (gain === undefined) misses++;
      else {
        misses = 0;
        search.reward(trail, gain === 1);
      }
    }
    search.survive();
  }
  return {
    archive,
    genomes: genomes.slice(0, evaluations * geneCount),
    evaluations,
    rates: search.rates,
  };
}
