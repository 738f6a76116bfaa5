import { totalViolation } from "../evaluation/constraints.js";
import { type AssessedGenome, assessGenome, type EvaluationContext } from "../evaluation/evaluate-genome.js";
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
  /** Told each genome that was evaluated and how, in an order that does not depend on what finishes first. */
  readonly onEvaluated?: ((evaluated: EvaluatedGenome) => void) | undefined;
}

/** A genome as it was evaluated. */
export interface EvaluatedGenome extends AssessedGenome {
  /** Samples it was judged on; undefined = all. */
  readonly samples: number | undefined;
}

/** Evaluates genomes and keeps the books of a run: what is known, what failed, what nothing dominates. */
export class EvaluationLedger {
  readonly #context: EvaluationContext;
  readonly #options: LedgerOptions;
  readonly #cache: GenomeCache<GenomeMetrics> | undefined;
  readonly #failures = new Map<string, FailedGenome>();
  readonly #feasible = new ParetoArchive<QuantizationGenome>({ key: (genome) => genome.key });
  readonly #infeasible = new ParetoArchive<QuantizationGenome>({ key: (genome) => genome.key });
  /** Genomes judged on a part of the samples so far: with their metrics on it, and how many they were. */
  readonly #partial = new Map<string, { readonly metrics: GenomeMetrics; readonly samples: number }>();
  #evaluations = 0;
  #wholeEvaluations = 0;
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
  /** The same in whole evaluations: one on a quarter of the samples counts a quarter. */
  get wholeEvaluations(): number {
    return this.#wholeEvaluations;
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

  /** {@link front} as operators see it. */
  get frontIndividuals(): readonly Individual[] {
    return this.front.map(toIndividual);
  }

  /** The cache has the genome, it failed before, or it was judged on a part of the samples. */
  isKnown(genome: QuantizationGenome): boolean {
    return (
      this.#failures.has(genome.key) || this.#partial.has(genome.key) || this.#peek(genome) !== undefined
    );
  }

  /** Cached metrics, without counting a hit. */
  #peek(genome: QuantizationGenome): GenomeMetrics | undefined {
    return this.#cache?.get(genome);
  }

  /**
   * Evaluates what is not known. Results come in the order of the genomes, whatever finishes first; genomes that
   * failed, or that an abort left unevaluated, are missing. Genomes of one key are evaluated once.
   * @param samples judge on the first so many samples; those results do not enter the archive. Default: all
   */
  async evaluate(genomes: readonly QuantizationGenome[], samples?: number): Promise<readonly Individual[]> {
    const unique = [...new Map(genomes.map((genome) => [genome.key, genome])).values()];
    const unknown = unique.filter(
      (genome) => !this.#failures.has(genome.key) && !this.#knows(genome, samples),
    );
    const { concurrency, signal } = this.#options;
    const outcomes = await mapConcurrent(
      unknown,
      concurrency,
      async (genome) => {
        await nextTask();
        signal?.throwIfAborted();
        return assessGenome(genome, this.#context, { signal, samples });
      },
      signal,
    );
    const fresh = new Map<string, QuantizationGenome>();
    for (const [i, outcome] of outcomes.entries()) {
      const genome = unknown[i]!;
      if (outcome.status === "fulfilled") {
        this.#count(samples);
        fresh.set(genome.key, outcome.value.genome);
        this.#enter(outcome.value, samples);
      } else if (outcome.status === "rejected" && !signal?.aborted) {
        this.#count(samples);
        this.#fail(genome, outcome.reason);
      }
    }
    return unique.flatMap((genome) => {
      const found = fresh.get(genome.key) ?? this.#recall(genome, samples);
      return found === undefined ? [] : [toIndividual(found)];
    });
  }

  /** The genome was judged on so many samples or more. */
  #knows(genome: QuantizationGenome, samples: number | undefined): boolean {
    if (this.#peek(genome) !== undefined) return true;
    return samples !== undefined && (this.#partial.get(genome.key)?.samples ?? 0) >= samples;
  }

  #count(samples: number | undefined): void {
    this.#evaluations++;
    const { sampleCount } = this.#context.evaluator;
    this.#wholeEvaluations += samples === undefined || sampleCount === undefined ? 1 : samples / sampleCount;
  }

  #recall(genome: QuantizationGenome, samples: number | undefined): QuantizationGenome | undefined {
    const partial = samples === undefined ? undefined : this.#partial.get(genome.key)?.metrics;
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
      this.#partial.set(genome.key, { metrics, samples });
      return;
    }
    this.#partial.delete(genome.key);
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
