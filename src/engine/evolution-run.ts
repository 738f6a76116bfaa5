import { EvaluationError } from "../errors.js";
import { createEvaluationContext, type EvaluationContext } from "../evaluation/evaluate-genome.js";
import type { AccuracyEvaluator } from "../evaluation/evaluator.js";
import { createNoiseTable, type NoiseTable } from "../evaluation/noise-table.js";
import { createPredictedEvaluator } from "../evaluation/predicted-evaluator.js";
import { raceAbort } from "../evaluation/race-abort.js";
import { layerSensitivityInTurns } from "../evaluation/sensitivity.js";
import { sensitivityPrior } from "../evaluation/sensitivity-prior.js";
import type { HardwareCostModel } from "../hardware/contract.js";
import type { ModelSpec } from "../model/layer-spec.js";
import type { SearchRules } from "../operators/contract.js";
import type { ResolvedConfig } from "./config.js";
import { EvaluationLedger } from "./evaluation-ledger.js";
import type { EvolutionResult } from "./evolution-result.js";
import { type EvolutionRules, type EvolutionState, evolveGeneration, startEvolution } from "./evolve.js";
import { exactSeeds, prepareExactSeeds } from "./exact-seeds.js";
import { fittest } from "./fittest.js";
import { type GenerationStats, generationStats, type ProgressCallback } from "./progress.js";
import { searchRules } from "./search-rules.js";
import { sizeScores } from "./size-scores.js";
import { type StopReason, stopReason } from "./termination.js";

/** What a run works with. */
export interface RunParts {
  readonly config: ResolvedConfig;
  readonly model: ModelSpec;
  readonly costModel: HardwareCostModel;
  /** Default: predicted from quantization noise. */
  readonly evaluator?: AccuracyEvaluator | undefined;
}

/** How far a run goes and who hears of it. */
export interface RunOptions {
  readonly maxGenerations: number;
  readonly callback?: ProgressCallback | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What evaluating a genome in a run goes by. @throws EvaluationError when the cost model fails */
export function createRunContext(
  { config, model, costModel, evaluator }: RunParts,
  noiseTable: NoiseTable = createNoiseTable(model),
): EvaluationContext {
  return createEvaluationContext({
    model,
    costModel,
    evaluator: evaluator ?? createPredictedEvaluator(model, { noiseTable }),
    targets: config,
    weights: config,
  });
}

/** One search on one model, from its first population to its result. Everything in it is new for each run. */
export class EvolutionRun {
  readonly context: EvaluationContext;
  readonly ledger: EvaluationLedger;
  readonly #config: ResolvedConfig;
  readonly #space: SearchRules;
  readonly #noiseTable: NoiseTable;
  readonly #options: RunOptions;
  #sensitivity: ReadonlyMap<string, number> | undefined;

  /** @throws InvalidConfigError when the configuration does not fit the model; EvaluationError when the cost model fails */
  constructor(parts: RunParts, options: RunOptions) {
    const { config, model, costModel } = parts;
    this.#config = config;
    this.#options = options;
    this.#space = searchRules(model, config, costModel);
    this.#noiseTable = createNoiseTable(model);
    this.context = createRunContext(parts, this.#noiseTable);
    this.ledger = new EvaluationLedger(this.context, {
      concurrency: config.parallelEvaluations,
      caching: config.enableCaching,
      signal: options.signal,
    });
  }

  /** @throws EvaluationError when no genome of the first population could be evaluated; what the callback throws */
  async toEnd(): Promise<EvolutionResult> {
    const { signal } = this.#options;
    const history: GenerationStats[] = [];
    if (signal?.aborted) return this.#result(0, history, "aborted");
    if (this.#config.useSensitivityAnalysis) await this.#analyzeSensitivity();
    if (signal?.aborted) return this.#result(0, history, "aborted");
    if (this.#allocates)
      await prepareExactSeeds(
        this.#space,
        { model: this.context.model, noiseTable: this.#noiseTable },
        signal,
      );
    if (signal?.aborted) return this.#result(0, history, "aborted");
    const rules = this.#rules();
    let state = await startEvolution(rules, this.ledger);
    if (state.population.length === 0) {
      if (signal?.aborted) return this.#result(0, history, "aborted");
      throw this.#allFailed();
    }
    let completed = 0;
    for (;;) {
      // A generation that an abort cut short is not reported; what it evaluated is in the archive.
      if (!signal?.aborted || state.generation === 0) {
        completed = state.generation;
        await this.#report(state, history);
      }
      const reason = stopReason(state, this.#options);
      if (reason !== undefined) return this.#result(completed, history, reason);
      state = await evolveGeneration(state, rules, this.ledger);
    }
  }

  /** Leaves it undefined when an abort came in between. */
  async #analyzeSensitivity(): Promise<void> {
    const { signal } = this.#options;
    try {
      this.#sensitivity = await layerSensitivityInTurns(this.context.model, this.#noiseTable, signal);
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  }

  get #allocates(): boolean {
    return this.#config.adaptiveBitAllocation && this.#config.allowMixedPrecision;
  }

  #rules(): EvolutionRules {
    const config = this.#config;
    const { model, costModel } = this.context;
    const allocates = this.#allocates;
    return {
      space: this.#space,
      populationSize: config.populationSize,
      elitismRatio: config.elitismRatio,
      mutationRate: config.mutationRate,
      crossoverRate: config.crossoverRate,
      seed: config.seed,
      allocationScores: allocates ? (this.#sensitivity ?? sizeScores(model)) : undefined,
      mutationScores: this.#sensitivity,
      seeds: allocates
        ? exactSeeds({
            model,
            noiseTable: this.#noiseTable,
            costModel,
            noiseWeights: config.useSensitivityAnalysis ? sensitivityPrior(model) : undefined,
          })
        : undefined,
    };
  }

  async #report(state: EvolutionState, history: GenerationStats[]): Promise<void> {
    const { callback, signal } = this.#options;
    const stats = generationStats(state, this.ledger);
    history.push(stats);
    if (callback === undefined) return;
    const given = Promise.resolve(callback(stats.generation, stats.bestFitness, stats.averageFitness, stats));
    let failed = false;
    try {
      await raceAbort(
        given.catch((error: unknown) => {
          failed = true;
          throw error;
        }),
        signal,
      );
    } catch (error) {
      // An abort while the callback was busy is no error of the run; what the callback throws is.
      if (failed || !signal?.aborted) throw error;
    }
  }

  #result(generations: number, history: readonly GenerationStats[], reason: StopReason): EvolutionResult {
    const { ledger, context } = this;
    const paretoFront = ledger.front;
    return {
      paretoFront,
      best: fittest(paretoFront),
      generations,
      evaluations: ledger.evaluations,
      cacheHits: ledger.cacheHits,
      failures: ledger.failures,
      history,
      stopReason: reason,
      feasible: ledger.feasible,
      accuracyKind: context.evaluator.kind,
      target: context.costModel.target,
      seed: this.#config.seed,
      sensitivity: this.#sensitivity,
    };
  }

  #allFailed(): EvaluationError {
    const { failures } = this.ledger;
    const first = failures[0];
    return new EvaluationError(
      "evaluator",
      `all ${failures.length} genomes of the first population failed; the first reason: ${first?.reason ?? "unknown"}`,
      { cause: first?.error },
    );
  }
}
