import { totalViolation } from "../evaluation/constraints.js";
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
  readonly signal?: AbortSignal | undefined;
}

/** Evaluates genomes and keeps the books of a run: what is known, what failed, what nothing dominates. */
export class EvaluationLedger {
  readonly #context: EvaluationContext;
  readonly #options: LedgerOptions;
  readonly #cache: GenomeCache<GenomeMetrics> | undefined;
  readonly #failures = new Map<string, FailedGenome>();
  readonly #feasible = new ParetoArchive<QuantizationGenome>({ key: (genome) => genome.key });
  readonly #infeasible = new ParetoArchive<QuantizationGenome>({ key: (genome) => genome.key });
  #evaluations = 0;
  #cacheHits = 0;

  constructor(context: EvaluationContext, options: LedgerOptions) {
    this.#context = context;
    this.#options = options;
    if (options.caching) this.#cache = new GenomeCache<GenomeMetrics>(CACHE_CAPACITY);
  }

  /** Genomes that were evaluated, failed ones included, repetitions counted. */
  get evaluations(): number {
    return this.#evaluations;
  }
  /** Evaluations that the cache spared. */
  get cacheHits(): number {
    return this.#cacheHits;
  }
  /** Failed genomes, each once. */
  get failures(): readonly FailedGenome[] {
    return [...this.#failures.values()];
  }
  /** Some genome kept to every limit. */
  get feasible(): boolean {
    return this.#feasible.size > 0;
  }
  /** All feasible genomes that no other feasible one dominates; the same of all genomes as long as none is feasible. */
  get front(): readonly QuantizationGenome[] {
    return (this.feasible ? this.#feasible : this.#infeasible).items;
  }

  /** The cache has the genome, or it failed before. */
  isKnown(genome: QuantizationGenome): boolean {
    return this.#failures.has(genome.key) || this.#peek(genome) !== undefined;
  }

  /** Cached metrics, without counting a hit. */
  #peek(genome: QuantizationGenome): GenomeMetrics | undefined {
    return this.#cache?.get(genome);
  }

  /**
   * Evaluates what is not known. Results come in the order of the genomes, whatever finishes first; genomes that
   * failed, or that an abort left unevaluated, are missing. Genomes of one key are evaluated once.
   */
  async evaluate(genomes: readonly QuantizationGenome[]): Promise<readonly Individual[]> {
    const unique = [...new Map(genomes.map((genome) => [genome.key, genome])).values()];
    const unknown = unique.filter((genome) => !this.isKnown(genome));
    const { concurrency, signal } = this.#options;
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
    const archive = totalViolation(metrics.violations) > 0 ? this.#infeasible : this.#feasible;
    archive.insert(genome, objectiveVector(metrics));
  }

  #fail(genome: QuantizationGenome, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#failures.set(genome.key, { genome, key: genome.key, reason, error });
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
