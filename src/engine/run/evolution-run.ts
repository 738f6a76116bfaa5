import { nextTask } from "../../async/next-task.js";
import { raceAbort } from "../../async/race-abort.js";
import { reasonOf } from "../../evaluation/checked-evaluate.js";
import { type EvaluationContext, lacksFloat } from "../../evaluation/evaluate-genome.js";
import { lostWorker } from "../../evaluation/lost-worker.js";
import { createNoiseTable, type NoiseTable } from "../../evaluation/noise/noise-table.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { builtInOperators } from "../../operators/built-in-operators.js";
import { type BaselineReport, baselineReports } from "../baselines/baseline-report.js";
import { budgetPlan } from "../budget/budget-plan.js";
import type { MeasuredRecord } from "../budget/measured-record.js";
import { significantFront } from "../budget/significant-front.js";
import { Checkpoint, type CheckpointListener } from "../checkpoint/checkpoint.js";
import { runIdentity } from "../checkpoint/run-identity.js";
import type { ResolvedConfig } from "../config.js";
import { allFailed } from "../ledger/evaluation-failures.js";
import { EvaluationLedger, type FinishedEvaluation } from "../ledger/evaluation-ledger.js";
import { fittest } from "../ledger/fittest.js";
import { frontHypervolume } from "../ledger/front-hypervolume.js";
import { violatedLimits } from "../ledger/violated-limits.js";
import {
  type AnalyzedSensitivity,
  SensitivityAnalysis,
} from "../sensitivity/sensitivity-analysis.js";
import { sizeScores } from "../sensitivity/size-scores.js";
import type { SearchProgress } from "../stop/stop-condition.js";
import { StopSignal } from "../stop/stop-signal.js";
import { reasonToStop, type StopReason } from "../stop/termination.js";
import { estimatedMsLeft } from "../stop/time-left.js";
import { costLimitRepair } from "./cost-limit-repair.js";
import { type CustomOperators, withCustom } from "./custom-operators.js";
import { EvaluationProgress } from "./evaluation-progress.js";
import {
  Evolution,
  type EvolutionEvaluator,
  type EvolutionSettings,
  type EvolutionState,
} from "./evolution.js";
import type { EvaluationStage, EvolutionEvent } from "./evolution-event.js";
import type { EvolutionResult } from "./evolution-result.js";
import {
  type ExactSeedOptions,
  type ExactSeedTables,
  exactSeeds,
  prepareExactSeeds,
} from "./exact-seeds.js";
import { checkFloatKeepsLimits } from "./float-limits.js";
import { geneSpaceOf } from "./gene-space-of.js";
import { measureReferences } from "./measure-references.js";
import { type GenerationStats, generationStats } from "./progress.js";
import { type ReferenceGenomes, referenceGenomes } from "./reference-genomes.js";
import { createRunContext, type RunDependencies, type RunOptions } from "./run-context.js";
import { searchDigest } from "./search-digest.js";

/**
 * One search on one model, from its first population to its result. Everything in it is new for
 * each run.
 */
export class EvolutionRun {
  readonly context: EvaluationContext;
  readonly ledger: EvaluationLedger;
  readonly #config: ResolvedConfig;
  readonly #space: GeneSpace;
  readonly #references: ReferenceGenomes;
  readonly #noiseTable: NoiseTable;
  readonly #evaluator: EvolutionEvaluator;
  readonly #record: MeasuredRecord | undefined;
  readonly #settingsOf: ExactSeedOptions["settingsOf"];
  readonly #seedShare: number | undefined;
  readonly #options: RunOptions;
  readonly #operators: CustomOperators;
  readonly #stop: StopSignal;
  readonly #checkpoint: Checkpoint | undefined;
  readonly #history: GenerationStats[] = [];
  readonly #hypervolumes: number[] = [];
  /** Generations that were completed, the first population not counted. */
  #generations = 0;
  #evaluationsAtStart = 0;
  #generationAtStart = 0;
  /** What evaluations are for at present. */
  #stage: EvaluationStage = "reference";
  readonly #evaluationProgress: EvaluationProgress;
  readonly #analysis: SensitivityAnalysis;
  #sensitivity: AnalyzedSensitivity | undefined;

  /**
   * Thousands of layers take a while: the event loop has its turn between.
   * @throws InvalidConfigError when the configuration does not fit the model, or the float32 model
   *   breaks a limit; EvaluationError when the cost model fails
   */
  static async prepare(parts: RunDependencies, options: RunOptions): Promise<EvolutionRun> {
    checkFloatKeepsLimits(parts.config, parts.evaluator?.baseline);
    const space = geneSpaceOf(parts.model, parts.config, parts.costModel, parts.genes);
    await nextTask();
    return new EvolutionRun(parts, options, space);
  }

  private constructor(parts: RunDependencies, options: RunOptions, space: GeneSpace) {
    const { config, model } = parts;
    this.#config = config;
    this.#options = options;
    this.#evaluationProgress = new EvaluationProgress(options);
    this.#operators = parts.operators ?? {};
    this.#stop = new StopSignal(options.signals ?? []);
    const { signal } = this.#stop;
    this.#space = space;
    this.#references = referenceGenomes(space, model);
    const predicted = createNoiseTable(model);
    if (options.checkpoint !== undefined)
      this.#checkpoint = new Checkpoint(options.checkpoint, this.#checkpointListener(), signal);
    this.context = createRunContext(parts, predicted, {
      record: this.#checkpoint,
      onLostWorker: ({ message }) => void this.#tell({ type: "worker-replaced", reason: message }),
    });
    // What is measured needs no caution: channels that drown show in the loss, if they matter.
    const measures = this.context.evaluator.kind === "measured";
    this.#noiseTable = measures ? createNoiseTable(model, { per: "tensor" }) : predicted;
    const means = budgetPlan(config, this.context, this.#noiseTable, this.#space, {
      maxEvaluations: options.maxEvaluations,
      references: this.#references.uniform.length + Number(lacksFloat(this.context)),
    });
    this.#record = means.record;
    this.#analysis = new SensitivityAnalysis({
      config,
      custom: parts.sensitivity,
      context: this.context,
      noiseTable: predicted,
      seedNoise: this.#noiseTable,
      measureSingleLayers: means.measureSingleLayers,
      maxEvaluations: options.maxEvaluations,
    });
    this.ledger = new EvaluationLedger(this.context, {
      concurrency: config.parallelEvaluations,
      caching: config.enableCaching,
      cacheLimit: config.cacheLimit,
      archiveLimit: config.archiveLimit,
      maxEvaluations: options.maxEvaluations,
      onFailure: (failure) => {
        // Those of an earlier run were told of then.
        if (this.#checkpoint?.replaying) return;
        void this.#tell({ type: "evaluation-failed", failure });
        if (lostWorker(failure.error))
          void this.#tell({ type: "worker-replaced", reason: failure.reason });
      },
      signal,
      onEvaluated: (evaluated) => this.#record?.add(evaluated),
      onFinished: (finished) => this.#tellEvaluation(finished),
    });
    this.#evaluator = means.evaluatorFor(this.ledger);
    this.#settingsOf = means.settingsOf;
    this.#seedShare = means.seedShare;
  }

  /**
   * @throws EvaluationError when no genome of the first population could be evaluated; what the
   *   callback throws; what {@link Checkpoint.open} and {@link Checkpoint.completed} throw
   */
  async toEnd(): Promise<EvolutionResult> {
    let reason: StopReason;
    let baselines: readonly BaselineReport[] | undefined;
    try {
      await this.#open();
      reason = await this.#search();
      baselines = await this.#baselines();
    } finally {
      this.#stop.dispose();
      await this.#checkpoint?.close();
    }
    const result = { ...this.#result(reason), ...(baselines && { baselines }) };
    await this.#tell({ type: "stopped", reason, result });
    return result;
  }

  /** Undefined when none was asked for. */
  #baselines(): Promise<readonly BaselineReport[]> | undefined {
    const { baselines } = this.#options;
    return (
      baselines &&
      baselineReports(baselines, this.ledger.front, this.ledger.wholeEvaluations, {
        space: this.#space,
        context: this.context,
        noiseTable: this.#noiseTable,
        seed: this.#config.seed,
        concurrency: this.#config.parallelEvaluations,
        signal: this.#stop.signal,
        scores: this.#record,
      })
    );
  }

  async #open(): Promise<void> {
    if (this.#stop.reason !== undefined) return;
    if (this.#checkpoint === undefined) return this.#startTimer();
    // Reading has the limit to itself, or a short one would never get a resumed run any further.
    this.#startTimer(0);
    try {
      const { name } = this.#analysis;
      await this.#checkpoint.open(
        await runIdentity(this.#config, this.context, this.#space, name, this.#operators),
      );
    } catch (error) {
      if (this.#stop.reason === undefined) throw error;
      return;
    }
    const { resumedGenerations: generations, resumedAnswers: answers } = this.#checkpoint.report;
    if (generations + answers > 0) await this.#tell({ type: "resumed", generations, answers });
  }

  async #search(): Promise<StopReason> {
    const { signal } = this.#stop;
    for (const message of this.#warnings) void this.#tell({ type: "warning", message });
    // Every step may end by an abort; the next one is then not begun.
    if (!signal.aborted)
      await measureReferences({
        references: this.#references,
        context: this.context,
        ledger: this.ledger,
        config: this.#config,
        maxEvaluations: this.#options.maxEvaluations,
        signal,
      });
    this.#stage = "sensitivity";
    if (this.#config.useSensitivityAnalysis && !signal.aborted)
      this.#sensitivity = await this.#analysis.analyze(this.ledger, signal);
    const tables =
      this.#allocates && !signal.aborted
        ? await prepareExactSeeds(this.#space, this.#exactSeedOptions, signal)
        : undefined;
    if (this.#stop.reason !== undefined) return this.#stop.reason;
    this.#stage = "search";
    const evolution = new Evolution(this.#settings(tables), this.#evaluator);
    let state = await evolution.start();
    if (state.population.length === 0) {
      if (this.#stop.reason !== undefined) return this.#stop.reason;
      // Without a cache the references may have taken all of the budget.
      const { failures, failureCount, budgetSpent } = this.ledger;
      if (budgetSpent) return "max-evaluations";
      throw allFailed(failures, failureCount);
    }
    for (;;) {
      // A generation that an abort cut short is not reported; what it evaluated is in the archive.
      if (!signal.aborted || state.generation === 0) await this.#report(state);
      const reason = await reasonToStop(this.#stop, this.#progress(), this.#options);
      if (reason !== undefined) return reason;
      state = await evolution.evolve();
    }
  }

  /**
   * Time counts from the call, whatever comes before the search included; of a resumed run from the
   * latest answer that it took from its checkpoint (from reading it until there is one), or a short
   * limit would never get it any further.
   */
  #startTimer(elapsedMs = this.#options.stopwatch.elapsedMs): void {
    const { timeLimitMs } = this.#options;
    if (timeLimitMs !== undefined) this.#stop.startTimer(timeLimitMs, elapsedMs);
  }

  #checkpointListener(): CheckpointListener {
    const place = () => ({ generation: this.#generations, evaluations: this.ledger.evaluations });
    return {
      written: () => void this.#tell({ type: "checkpoint-written", ...place() }),
      failed: (error) =>
        void this.#tell({ type: "checkpoint-failed", ...place(), reason: reasonOf(error), error }),
      replayed: () => {
        this.#options.stopwatch.start();
        this.#startTimer();
      },
      caughtUp: () => {
        this.#evaluationsAtStart = this.ledger.wholeEvaluations;
        this.#generationAtStart = this.#history.length;
        if (!this.#checkpoint?.report.resumedAnswers) this.#startTimer();
      },
    };
  }

  async #tell(event: EvolutionEvent): Promise<void> {
    await this.#options.listener?.(event);
  }

  #progress(): SearchProgress {
    return {
      generation: this.#generations,
      evaluations: this.ledger.wholeEvaluations,
      budgetSpent: this.ledger.budgetSpent,
      elapsedMs: this.#options.stopwatch.elapsedMs,
      history: this.#history,
      hypervolumes: this.#hypervolumes,
    };
  }

  /** What speaks against trusting the float32 model's accuracy. */
  get #warnings(): readonly string[] {
    return this.context.evaluator.baseline?.notes ?? [];
  }

  get #allocates(): boolean {
    return this.#config.adaptiveBitAllocation && this.#config.allowMixedPrecision;
  }

  get #exactSeedOptions(): ExactSeedOptions {
    const { model, costModel } = this.context;
    return {
      model,
      costModel,
      noiseTable: this.#noiseTable,
      settingsOf: this.#settingsOf,
      noiseWeights: this.#sensitivity?.noiseWeights,
    };
  }

  #settings(tables: ExactSeedTables | undefined): EvolutionSettings {
    const config = this.#config;
    const { model } = this.context;
    const allocates = this.#allocates;
    return {
      space: this.#space,
      populationSize: config.populationSize,
      elitismRatio: config.elitismRatio,
      mutationRate: config.mutationRate,
      crossoverRate: config.crossoverRate,
      seed: config.seed,
      allocationScores: allocates ? (this.#sensitivity?.scores ?? sizeScores(model)) : undefined,
      limitRepair: costLimitRepair(this.context, this.#sensitivity?.scores),
      seedShare: this.#seedShare,
      signal: this.#stop.signal,
      seeds: allocates ? exactSeeds({ ...this.#exactSeedOptions, tables }) : undefined,
      custom: this.#operators.samplings,
      operators: withCustom(builtInOperators(this.#sensitivity?.scores), this.#operators),
    };
  }

  async #report(state: EvolutionState): Promise<void> {
    const { callback, listener, stagnation, stopWhen } = this.#options;
    const { ledger } = this;
    const stats = generationStats(state, ledger);
    this.#generations = state.generation;
    this.#history.push(stats);
    const { front } = ledger;
    if (listener !== undefined || stagnation !== undefined || stopWhen !== undefined)
      this.#hypervolumes.push(
        ledger.feasible ? frontHypervolume(front, this.context.reference) : 0,
      );
    const { generation, evaluations } = stats;
    // One that the budget cut short is not how a run with a larger budget goes on.
    // Nor is one that an abort cut short, or whose sensitivities the budget did.
    const cut = ledger.budgetSpent || this.#sensitivity?.cut;
    if (this.#checkpoint !== undefined && !cut && this.#stop.reason === undefined)
      await this.#checkpoint.completed({
        generation,
        evaluations,
        digest: searchDigest(state, front),
      });
    // An earlier run told of those that it completed.
    if (generation < (this.#checkpoint?.resumedGenerations ?? 0)) return;
    const told = this.#tellGeneration(stats, front);
    const called = callback?.(generation, stats.bestFitness, stats.averageFitness, stats);
    let failed = false;
    try {
      await raceAbort(
        Promise.all([told, called]).catch((error: unknown) => {
          failed = true;
          throw error;
        }),
        this.#stop.signal,
      );
    } catch (error) {
      // An abort while the callback was busy is no error of the run; what the callback throws is.
      if (failed || this.#stop.reason === undefined) throw error;
    }
  }

  #tellEvaluation(finished: FinishedEvaluation): void {
    const event = this.#evaluationProgress.count(finished, {
      stage: this.#stage,
      wholeBefore: this.ledger.wholeEvaluations,
      wholeSaved: this.#evaluationsAtStart,
      candidatesToCome:
        (this.#options.maxGenerations + 1 - this.#history.length) * this.#config.populationSize,
    });
    // An earlier run told of those that it made.
    if (event.evaluations > (this.#checkpoint?.recalledAnswers ?? 0)) void this.#tell(event);
  }

  #tellGeneration(stats: GenerationStats, front: readonly QuantizationGenome[]): Promise<void> {
    const { generation, evaluations, frontSize, feasibleShare, leastViolation } = stats;
    const closest = front[0]!;
    return this.#tell({
      type: "generation",
      generation,
      evaluations,
      frontSize,
      hypervolume: this.#hypervolumes.at(-1) ?? 0,
      best: fittest(front) ?? closest,
      constraints: {
        feasibleShare,
        leastViolation,
        violatedLimits: violatedLimits(closest, this.#config),
      },
      estimatedMsLeft: estimatedMsLeft(
        {
          elapsedMs: this.#options.stopwatch.elapsedMs,
          generations: this.#history.length - this.#generationAtStart,
          evaluations: stats.wholeEvaluations - this.#evaluationsAtStart,
          totalGenerations: generation,
          totalEvaluations: stats.wholeEvaluations,
        },
        this.#options,
      ),
      stats,
    });
  }

  #result(reason: StopReason): EvolutionResult {
    const { ledger, context } = this;
    const fallbacks = this.#sensitivity?.fallbacks ?? [];
    const paretoFront = ledger.front;
    const [closest] = paretoFront;
    return {
      paretoFront,
      significantFront:
        this.#record === undefined ? paretoFront : significantFront(paretoFront, this.#record),
      best: fittest(paretoFront),
      generations: this.#generations,
      evaluations: ledger.evaluations,
      wholeEvaluations: ledger.wholeEvaluations,
      cacheHits: ledger.cacheHits,
      failures: ledger.failures,
      history: this.#history,
      stopReason: reason,
      feasible: ledger.feasible,
      violatedLimits: closest === undefined ? [] : violatedLimits(closest, this.#config),
      accuracyKind: context.evaluator.kind,
      evaluatorIdentity: context.evaluator.identity ?? context.evaluator.kind,
      target: context.costModel.target,
      seed: this.#config.seed,
      sensitivity: this.#sensitivity?.scores,
      ...(fallbacks.length > 0 && { sensitivityFallbacks: fallbacks }),
      warnings: this.#warnings,
      checkpoint: this.#checkpoint?.report,
    };
  }
}
