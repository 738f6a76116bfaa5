import { totalViolation, violationVector } from "../evaluation/constraints.js";
import { type EvaluationContext, evaluateGenome } from "../evaluation/evaluate-genome.js";
import { GenomeCache } from "../evaluation/genome-cache.js";
import { mapConcurrent } from "../evaluation/map-concurrent.js";
import { nextTask } from "../evaluation/next-task.js";
import { objectiveVector } from "../evaluation/objectives.js";
import type { GenomeMetrics, QuantizationGenome } from "../genome/quantization-genome.js";
import type { Individual } from "../operators/contract.js";
import { ParetoArchive } from "../pareto/pareto-archive.js";

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
  /** Most evaluations, failed ones included. Default: no limit. */
  readonly maxEvaluations?: number | undefined;
  /** Called for every genome that fails. */
  readonly onFailure?: ((failure: FailedGenome) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Evaluates genomes and keeps the books of a run: what is known, what failed, what nothing dominates. */
export class EvaluationLedger {
  readonly #context: EvaluationContext;
  readonly #options: LedgerOptions;
  readonly #cache: GenomeCache<GenomeMetrics> | undefined;
  readonly #failures: GenomeCache<FailedGenome>;
  readonly #feasible: ParetoArchive<QuantizationGenome>;
  /** By how much of each limit is broken: see {@link violationVector}. */
  readonly #infeasible: ParetoArchive<QuantizationGenome>;
  #evaluations = 0;
  #failureCount = 0;
  #budgetSpent = false;
  #cacheHits = 0;

  constructor(context: EvaluationContext, options: LedgerOptions) {
    this.#context = context;
    this.#options = options;
    const { cacheLimit = CACHE_CAPACITY, archiveLimit: capacity } = options;
    if (options.caching) this.#cache = new GenomeCache<GenomeMetrics>(cacheLimit);
    this.#failures = new GenomeCache<FailedGenome>(cacheLimit);
    this.#feasible = new ParetoArchive({ key: (genome) => genome.key, capacity });
    this.#infeasible = new ParetoArchive({ key: (genome) => genome.key, capacity });
  }

  /** Genomes that were evaluated, failed ones included, repetitions counted. */
  get evaluations(): number {
    return this.#evaluations;
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
  /** Some genome was left unevaluated because `maxEvaluations` was reached. */
  get budgetSpent(): boolean {
    return this.#budgetSpent;
  }
  /** Some genome kept to every limit. */
  get feasible(): boolean {
    return this.#feasible.size > 0;
  }
  /**
   * All feasible genomes that no other feasible one dominates, most accurate first. As long as none is feasible, those that
   * no other one beats in keeping to the limits (it breaks none more, and some less), the least violation first.
   */
  get front(): readonly QuantizationGenome[] {
    return (this.feasible ? this.#feasible : this.#infeasible).items;
  }

  /** The cache has the genome, or it failed before. */
  isKnown(genome: QuantizationGenome): boolean {
    return this.#failures.peek(genome) !== undefined || this.#peek(genome) !== undefined;
  }

  /** Cached metrics, without counting a hit. */
  #peek(genome: QuantizationGenome): GenomeMetrics | undefined {
    return this.#cache?.get(genome);
  }

  /**
   * Evaluates what is not known. Results come in the order of the genomes, whatever finishes first; genomes that
   * failed, or that an abort or the end of the budget left unevaluated, are missing. Genomes of one key are evaluated once.
   */
  async evaluate(genomes: readonly QuantizationGenome[]): Promise<readonly Individual[]> {
    const unique = [...new Map(genomes.map((genome) => [genome.key, genome])).values()];
    const { concurrency, signal, maxEvaluations = Number.POSITIVE_INFINITY } = this.#options;
    const wanted = unique.filter((genome) => !this.isKnown(genome));
    const unknown = wanted.slice(0, Math.max(0, maxEvaluations - this.#evaluations));
    if (unknown.length < wanted.length) this.#budgetSpent = true;
    const outcomes = await mapConcurrent(
      unknown,
      concurrency,
      async (genome) => {
        await nextTask();
        signal?.throwIfAborted();
        return evaluateGenome(genome, this.#context, { signal });
      },
      signal,
    );
    const fresh = new Map<string, QuantizationGenome>();
    for (const [i, outcome] of outcomes.entries()) {
      const genome = unknown[i]!;
      if (outcome.status === "fulfilled") {
        this.#evaluations++;
        fresh.set(genome.key, outcome.value);
        this.#enter(outcome.value);
      } else if (outcome.status === "rejected" && !signal?.aborted) {
        this.#evaluations++;
        this.#fail(genome, outcome.reason);
      }
    }
    return unique.flatMap((genome) => {
      const found = fresh.get(genome.key) ?? this.#recall(genome);
      return found === undefined ? [] : [toIndividual(found)];
    });
  }

  #recall(genome: QuantizationGenome): QuantizationGenome | undefined {
    const metrics = this.#peek(genome);
    if (metrics === undefined) return undefined;
    this.#cacheHits++;
    return genome.with({ metrics });
  }

  #enter(genome: QuantizationGenome): void {
    const metrics = genome.metrics!;
    this.#cache?.set(genome, metrics);
    if (totalViolation(metrics.violations) === 0) this.#feasible.insert(genome, objectiveVector(metrics));
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

/** Genomes remembered by a run. */
const CACHE_CAPACITY = 200_000;

/** An evaluated genome as operators see it. */
function toIndividual(genome: QuantizationGenome): Individual {
  const metrics = genome.metrics!;
  return {
    genome,
    objectives: objectiveVector(metrics),
    violation: totalViolation(metrics.violations),
    fitness: metrics.fitnessScore,
  };
}
