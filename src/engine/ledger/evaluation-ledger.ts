import { mapConcurrent } from "../../async/map-concurrent.js";
import { nextTask } from "../../async/next-task.js";
import { checkedEvaluate } from "../../evaluation/checked-evaluate.js";
import { totalViolation, violationVector } from "../../evaluation/constraints.js";
import {
  type AssessedGenome,
  assessGenome,
  type EvaluationContext,
  metricsOf,
} from "../../evaluation/evaluate-genome.js";
import type { AccuracyEstimate } from "../../evaluation/evaluator.js";
import { GenomeCache } from "../../evaluation/genome-cache.js";
import { type Individual, toIndividual } from "../../evaluation/individual.js";
import { objectiveVector } from "../../evaluation/objectives.js";
import type { GenomeMetrics, QuantizationGenome } from "../../genome/quantization-genome.js";
import { ParetoArchive } from "../../pareto/pareto-archive.js";

/** A genome whose evaluation failed, and why. */
export interface FailedGenome {
  readonly genome: QuantizationGenome;
  /** The key of the genome. */
  readonly key: string;
  /** The message of the error. */
  readonly reason: string;
  /** The thrown value. */
  readonly error: unknown;
}

/** Options of an {@link EvaluationLedger}. */
export interface LedgerOptions {
  /** Most evaluations in flight, an integer from 1. */
  readonly concurrency: number;
  /** Whether to remember evaluated genomes. */
  readonly caching: boolean;
  /** Most genomes to remember, at least 1. Default 200,000. */
  readonly cacheLimit?: number | undefined;
  /** Most genomes in the front, at least 1. Default: no limit. */
  readonly archiveLimit?: number | undefined;
  /** Most whole evaluations, including failed ones. Default: no limit. */
  readonly maxEvaluations?: number | undefined;
  /** Called for each genome that fails. */
  readonly onFailure?: ((failure: FailedGenome) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called for each evaluated genome, in an order that does not depend on which evaluation finishes
   * first.
   */
  readonly onEvaluated?: ((evaluated: EvaluatedGenome) => void) | undefined;
  /**
   * Called at the end of each evaluation, failed ones included, in the order in which they end: for
   * progress, never for results.
   */
  readonly onFinished?: ((finished: FinishedEvaluation) => void) | undefined;
}

/** An evaluation that has just ended. */
export interface FinishedEvaluation {
  /** With its metrics where it is a candidate and did not fail. */
  readonly genome: QuantizationGenome;
  readonly failed: boolean;
  /** Samples of the evaluation; undefined = all. */
  readonly samples: number | undefined;
  /** Its cost in whole evaluations: a quarter for one on a quarter of the samples. */
  readonly share: number;
}

/** A genome with its metrics, and how it was evaluated. */
export interface EvaluatedGenome extends AssessedGenome {
  /** Samples of the evaluation; undefined = all. */
  readonly samples: number | undefined;
}

/**
 * Evaluates genomes and keeps the records of a run: its budget, known and failed genomes, and the
 * Pareto front.
 */
export class EvaluationLedger {
  readonly #context: EvaluationContext;
  readonly #options: LedgerOptions;
  readonly #cache: GenomeCache<GenomeMetrics> | undefined;
  readonly #failures: GenomeCache<FailedGenome>;
  readonly #feasible: ParetoArchive<QuantizationGenome>;
  /** Infeasible genomes by their excess over each limit, see {@link violationVector}. */
  readonly #infeasible: ParetoArchive<QuantizationGenome>;
  /**
   * Genomes that had only low-fidelity evaluations so far: their metrics, and the number of
   * samples.
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

  /** Number of evaluations, including failed and repeated ones. */
  get evaluations(): number {
    return this.#evaluations;
  }
  /** Number of evaluations, in whole ones: one on a quarter of the samples counts a quarter. */
  get wholeEvaluations(): number {
    return this.#wholeEvaluations;
  }
  /** Number of evaluations that the cache saved. */
  get cacheHits(): number {
    return this.#cacheHits;
  }
  /** Failed genomes, each once. When there are very many, only the latest. */
  get failures(): readonly FailedGenome[] {
    return this.#failures.values;
  }
  /** Number of failed evaluations. */
  get failureCount(): number {
    return this.#failureCount;
  }
  /**
   * Whether the budget changed the search: a genome was left unevaluated, or was evaluated
   * otherwise than with a larger budget.
   */
  get budgetSpent(): boolean {
    return this.#budgetSpent;
  }
  /**
   * Whether the budget affords low-fidelity evaluations of a batch, and whole ones of a quarter of
   * it afterwards, at least one. If not, the budget counts as spent.
   * @param genomes size of the batch
   * @param samples samples of a low-fidelity evaluation
   */
  affordsLowFidelity(genomes: number, samples: number): boolean {
    const { maxEvaluations = Number.POSITIVE_INFINITY } = this.#options;
    const least = genomes * this.#shareOf(samples) + Math.max(1, genomes / 4);
    const affords = maxEvaluations - this.#wholeEvaluations >= least - ROUNDING;
    if (!affords) this.#budgetSpent = true;
    return affords;
  }
  /** Whether some genome is feasible. */
  get feasible(): boolean {
    return this.#feasible.size > 0;
  }
  /**
   * The feasible genomes that no other feasible one dominates, most accurate first. While none is
   * feasible, the genomes whose violations no other dominates, the least violation first.
   */
  get front(): readonly QuantizationGenome[] {
    return (this.feasible ? this.#feasible : this.#infeasible).items;
  }

  /** The {@link front} as individuals. */
  get frontIndividuals(): readonly Individual[] {
    return this.front.map(toIndividual);
  }

  /**
   * Takes in a genome whose estimate on all samples is known without an evaluation.
   * @throws EvaluationError when the cost model fails
   */
  accept(genome: QuantizationGenome, estimate: AccuracyEstimate): void {
    const metrics = metricsOf(genome, this.#context, estimate);
    this.#enter({ genome: genome.with({ metrics }), estimate }, undefined);
  }

  /** Whether the genome was evaluated before, on any number of samples, or failed. */
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
   * Evaluates the genomes that are not known yet. Genomes with the same key are evaluated once.
   * @param samples evaluate on the first `samples` samples only; such results do not enter the
   *   archive. Default: all
   * @returns the evaluated genomes, in the order given, whichever finishes first. Failed genomes
   *   are missing, and so are those that an abort or the end of the budget left out.
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
    const assessed = await this.#each(
      unknown,
      samples,
      (genome) => assessGenome(genome, this.#context, { signal, samples }),
      (one) => one.genome,
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
   * Asks the evaluator about genomes that are no candidates, in their order. They count as whole
   * evaluations and are reported when they fail, but are not remembered. `maxEvaluations` does not
   * limit them.
   * @returns the estimates; undefined for genomes that failed or that an abort left out
   */
  ask(genomes: readonly QuantizationGenome[]): Promise<readonly (AccuracyEstimate | undefined)[]> {
    const { signal } = this.#options;
    return this.#each(genomes, undefined, (genome) =>
      checkedEvaluate(this.#context.evaluator, genome, signal),
    );
  }

  /** Evaluates each genome, counts it, and records failures in order. */
  async #each<T>(
    genomes: readonly QuantizationGenome[],
    samples: number | undefined,
    evaluate: (genome: QuantizationGenome) => Promise<T>,
    evaluated?: (answer: T) => QuantizationGenome,
  ): Promise<readonly (T | undefined)[]> {
    const { concurrency, signal } = this.#options;
    const outcomes = await mapConcurrent(
      genomes,
      concurrency,
      async (genome) => {
        await this.#ownTurn();
        signal?.throwIfAborted();
        try {
          const answer = await evaluate(genome);
          this.#finished(evaluated?.(answer) ?? genome, false, samples);
          return answer;
        } catch (error) {
          if (!signal?.aborted) this.#finished(genome, true, samples);
          throw error;
        }
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

  #finished(genome: QuantizationGenome, failed: boolean, samples: number | undefined): void {
    this.#options.onFinished?.({ genome, failed, samples, share: this.#shareOf(samples) });
  }

  /**
   * Waits for a turn of the event loop in which no other evaluation begins. With thousands of
   * layers, each takes a tenth of a second to cost.
   */
  #ownTurn(): Promise<void> {
    this.#latestTurn = this.#latestTurn.then(nextTask);
    return this.#latestTurn;
  }

  /** Why a genome failed; undefined when it did not. */
  reasonOf(genome: QuantizationGenome): string | undefined {
    return this.#failures.peek(genome)?.reason;
  }

  /** Whether the genome was evaluated on at least `samples` samples. */
  #knows(genome: QuantizationGenome, samples: number | undefined): boolean {
    if (this.#peek(genome) !== undefined) return true;
    return samples !== undefined && (this.#partial.peek(genome)?.samples ?? 0) >= samples;
  }

  #count(samples: number | undefined): void {
    this.#evaluations++;
    this.#wholeEvaluations += this.#shareOf(samples);
  }

  /** Cost of an evaluation on `samples` samples, in whole evaluations. */
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

/** Rounding error of a sum of shares that does not count against the budget. */
const ROUNDING = 1e-6;
/** Default number of genomes that a run remembers. */
const CACHE_CAPACITY = 200_000;
