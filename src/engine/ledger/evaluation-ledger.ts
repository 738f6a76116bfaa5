import { mapConcurrent } from "../../async/map-concurrent.js";
import { nextTask } from "../../async/next-task.js";
import { checkedEvaluate } from "../../evaluation/checked-evaluate.js";
import { totalViolation, violationVector } from "../../evaluation/constraints.js";
import {
  type AssessedGenome,
  assessGenome,
  type EvaluationContext,
} from "../../evaluation/evaluate-genome.js";
import type { AccuracyEstimate } from "../../evaluation/evaluator.js";
import { GenomeCache } from "../../evaluation/genome-cache.js";
import { type Individual, toIndividual } from "../../evaluation/individual.js";
import { objectiveVector } from "../../evaluation/objectives.js";
import type { GenomeMetrics, QuantizationGenome } from "../../genome/quantization-genome.js";
import { ParetoArchive } from "../../pareto/pareto-archive.js";

/** A genome that could not be evaluated, and why. */
export interface FailedGenome {
  readonly genome: QuantizationGenome;
  readonly key: string;
  readonly reason: string;
  /** What was thrown. */
  readonly error: unknown;
}

/** How an {@link EvaluationLedger} works. */
export interface LedgerOptions {
  /** Most evaluations in flight. */
  readonly concurrency: number;
  /** Remember what was evaluated. */
  readonly caching: boolean;
  /** Most genomes to remember, at least 1. Default 200,000. */
  readonly cacheLimit?: number | undefined;
  /** Most genomes in the front, at least 1. Default: no limit. */
  readonly archiveLimit?: number | undefined;
  /** Most whole evaluations, failed ones included. Default: no limit. */
  readonly maxEvaluations?: number | undefined;
  /** Called for every genome that fails. */
  readonly onFailure?: ((failure: FailedGenome) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Told each genome that was evaluated and how, in an order that does not depend on what finishes
   * first.
   */
  readonly onEvaluated?: ((evaluated: EvaluatedGenome) => void) | undefined;
}

/** A genome as it was evaluated. */
export interface EvaluatedGenome extends AssessedGenome {
  /** Samples it was judged on; undefined = all. */
  readonly samples: number | undefined;
}

/**
 * Evaluates genomes and keeps the books of a run: what is known, what failed, what nothing
 * dominates.
 */
export class EvaluationLedger {
  readonly #context: EvaluationContext;
  readonly #options: LedgerOptions;
  readonly #cache: GenomeCache<GenomeMetrics> | undefined;
  readonly #failures: GenomeCache<FailedGenome>;
  readonly #feasible: ParetoArchive<QuantizationGenome>;
  /** By how much of each limit is broken: see {@link violationVector}. */
  readonly #infeasible: ParetoArchive<QuantizationGenome>;
  /**
   * Genomes judged on a part of the samples so far: with their metrics on it, and how many they
   * were.
   */
  readonly #partial: GenomeCache<{ readonly metrics: GenomeMetrics; readonly samples: number }>;
  #evaluations = 0;
  #wholeEvaluations = 0;
  #failureCount = 0;
  #budgetSpent = false;
  #cacheHits = 0;
  #latestTurn: Promise<void> = Promise.resolve();

  constructor(context: EvaluationContext, options: LedgerOptions) {
    this.#context = context;
    this.#options = options;
    const { cacheLimit = CACHE_CAPACITY, archiveLimit: capacity } = options;
    if (options.caching) this.#cache = new GenomeCache<GenomeMetrics>(cacheLimit);
    this.#partial = new GenomeCache(cacheLimit);
    this.#failures = new GenomeCache<FailedGenome>(cacheLimit);
    this.#feasible = new ParetoArchive({ key: (genome) => genome.key, capacity });
    this.#infeasible = new ParetoArchive({ key: (genome) => genome.key, capacity });
  }

  /** Genomes that were evaluated, failed ones included, repetitions counted. */
  get evaluations(): number {
    return this.#evaluations;
  }
  /** The same in whole evaluations: one on a quarter of the samples counts a quarter. */
  get wholeEvaluations(): number {
    return this.#wholeEvaluations;
  }
  /** Evaluations that the cache spared. */
  get cacheHits(): number {
    return this.#cacheHits;
  }
  /** Failed genomes, each once; of very many the latest. */
  get failures(): readonly FailedGenome[] {
    return this.#failures.values;
  }
  /** Evaluations that failed. */
  get failureCount(): number {
    return this.#failureCount;
  }
  /**
   * The end of the budget was in sight: a genome was left unevaluated, or not judged as with a
   * larger budget.
   */
  get budgetSpent(): boolean {
    return this.#budgetSpent;
  }
  /**
   * The budget allows to judge so many genomes on so many samples first, and a quarter of them, at
   * least one, on all afterwards. What is left is counted as its end when it does not.
   */
  affordsLowFidelity(genomes: number, samples: number): boolean {
    const { maxEvaluations = Number.POSITIVE_INFINITY } = this.#options;
    const least = genomes * this.#shareOf(samples) + Math.max(1, genomes / 4);
    const affords = maxEvaluations - this.#wholeEvaluations >= least - ROUNDING;
    if (!affords) this.#budgetSpent = true;
    return affords;
  }
  /** Some genome kept to every limit. */
  get feasible(): boolean {
    return this.#feasible.size > 0;
  }
  /**
   * All feasible genomes that no other feasible one dominates, most accurate first. As long as none
   * is feasible, those that no other one beats in keeping to the limits (it breaks none more, and
   * some less), the least violation first.
   */
  get front(): readonly QuantizationGenome[] {
    return (this.feasible ? this.#feasible : this.#infeasible).items;
  }

  /** {@link front} as the search sees it. */
  get frontIndividuals(): readonly Individual[] {
    return this.front.map(toIndividual);
  }

  /** The cache has the genome, it failed before, or it was judged on a part of the samples. */
  isKnown(genome: QuantizationGenome): boolean {
    return (
      this.#failures.peek(genome) !== undefined ||
      this.#partial.peek(genome) !== undefined ||
      this.#peek(genome) !== undefined
    );
  }

  /** Cached metrics, without counting a hit. */
  #peek(genome: QuantizationGenome): GenomeMetrics | undefined {
    return this.#cache?.get(genome);
  }

  /**
   * Evaluates what is not known. Results come in the order of the genomes, whatever finishes first;
   * genomes that failed, or that an abort or the end of the budget left unevaluated, are missing.
   * Genomes of one key are evaluated once.
   * @param samples judge on the first so many samples; those results do not enter the archive.
   *   Default: all
   */
  async evaluate(
    genomes: readonly QuantizationGenome[],
    samples?: number,
  ): Promise<readonly Individual[]> {
    const unique = [...new Map(genomes.map((genome) => [genome.key, genome])).values()];
    const { signal, maxEvaluations = Number.POSITIVE_INFINITY } = this.#options;
    const wanted = unique.filter(
      (genome) => this.#failures.peek(genome) === undefined && !this.#knows(genome, samples),
    );
    const left = (maxEvaluations - this.#wholeEvaluations) / this.#shareOf(samples);
    const unknown = wanted.slice(0, Math.max(0, Math.floor(left + ROUNDING)));
    if (unknown.length < wanted.length) this.#budgetSpent = true;
    const assessed = await this.#each(unknown, samples, (genome) =>
      assessGenome(genome, this.#context, { signal, samples }),
    );
    const fresh = new Map<string, QuantizationGenome>();
    for (const one of assessed) {
      if (one === undefined) continue;
      fresh.set(one.genome.key, one.genome);
      this.#enter(one, samples);
    }
    return unique.flatMap((genome) => {
      const found = fresh.get(genome.key) ?? this.#recall(genome, samples);
      return found === undefined ? [] : [toIndividual(found)];
    });
  }

  /**
   * What the evaluator says of genomes that are no candidates, in their order. Counted as whole
   * evaluations, and reported when they fail; nothing else knows of them. Does not look at
   * `maxEvaluations`.
   * @returns undefined for those that failed or that an abort left out
   */
  ask(genomes: readonly QuantizationGenome[]): Promise<readonly (AccuracyEstimate | undefined)[]> {
    const { signal } = this.#options;
    return this.#each(genomes, undefined, (genome) =>
      checkedEvaluate(this.#context.evaluator, genome, signal),
    );
  }

  /** Evaluates each, counts it, and books what fails: in order, whatever finishes first. */
  async #each<T>(
    genomes: readonly QuantizationGenome[],
    samples: number | undefined,
    evaluate: (genome: QuantizationGenome) => Promise<T>,
  ): Promise<readonly (T | undefined)[]> {
    const { concurrency, signal } = this.#options;
    const outcomes = await mapConcurrent(
      genomes,
      concurrency,
      async (genome) => {
        await this.#ownTurn();
        signal?.throwIfAborted();
        return evaluate(genome);
      },
      signal,
    );
    return outcomes.map((outcome, i) => {
      if (outcome.status === "fulfilled") {
        this.#count(samples);
        return outcome.value;
      }
      if (outcome.status === "rejected" && !signal?.aborted) {
        this.#count(samples);
        this.#fail(genomes[i]!, outcome.reason);
      }
      return undefined;
    });
  }

  /**
   * A turn of the event loop that no other evaluation begins in: with thousands of layers each
   * takes a tenth of a second to cost.
   */
  #ownTurn(): Promise<void> {
    this.#latestTurn = this.#latestTurn.then(nextTask);
    return this.#latestTurn;
  }

  /** The reason why a genome failed; undefined when it did not. */
  reasonOf(genome: QuantizationGenome): string | undefined {
    return this.#failures.peek(genome)?.reason;
  }

  /** The genome was judged on so many samples or more. */
  #knows(genome: QuantizationGenome, samples: number | undefined): boolean {
    if (this.#peek(genome) !== undefined) return true;
    return samples !== undefined && (this.#partial.peek(genome)?.samples ?? 0) >= samples;
  }

  #count(samples: number | undefined): void {
    this.#evaluations++;
    this.#wholeEvaluations += this.#shareOf(samples);
  }

  /** What an evaluation on so many samples costs, in whole ones. */
  #shareOf(samples: number | undefined): number {
    const { sampleCount } = this.#context.evaluator;
    return samples === undefined || sampleCount === undefined ? 1 : samples / sampleCount;
  }

  #recall(genome: QuantizationGenome, samples: number | undefined): QuantizationGenome | undefined {
    const partial = samples === undefined ? undefined : this.#partial.peek(genome)?.metrics;
    const metrics = this.#peek(genome) ?? partial;
    if (metrics === undefined) return undefined;
    this.#cacheHits++;
    return genome.with({ metrics });
  }

  #enter(assessed: AssessedGenome, samples: number | undefined): void {
    const { genome } = assessed;
    const metrics = genome.metrics!;
    this.#options.onEvaluated?.({ ...assessed, samples });
    if (samples !== undefined) {
      this.#partial.set(genome, { metrics, samples });
      return;
    }
    this.#cache?.set(genome, metrics);
    if (totalViolation(metrics.violations) === 0)
      this.#feasible.insert(genome, objectiveVector(metrics));
    else if (!this.feasible) this.#infeasible.insert(genome, violationVector(metrics.violations));
  }

  #fail(genome: QuantizationGenome, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const failure: FailedGenome = { genome, key: genome.key, reason, error };
    this.#failureCount++;
    this.#failures.set(genome, failure);
    this.#options.onFailure?.(failure);
  }
}

/** The sum of shares is rounded; a budget that is used up to that is used up. */
const ROUNDING = 1e-6;
/** Genomes remembered by a run. */
const CACHE_CAPACITY = 200_000;
