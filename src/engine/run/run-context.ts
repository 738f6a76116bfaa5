import type { EvaluationError } from "../../errors.js";
import {
  createEvaluationContext,
  type EvaluationContext,
} from "../../evaluation/evaluate-genome.js";
import type { AccuracyEvaluator } from "../../evaluation/evaluator.js";
import { retriedEvaluator } from "../../evaluation/lost-worker.js";
import { createNoiseTable, type NoiseTable } from "../../evaluation/noise/noise-table.js";
import { createPredictedEvaluator } from "../../evaluation/predicted-evaluator.js";
import { type AnswerRecord, recordedEvaluator } from "../../evaluation/recorded-evaluator.js";
import type { SensitivityMetric } from "../../evaluation/sensitivity/contract.js";
import { timedEvaluator } from "../../evaluation/timed-evaluator.js";
import type { GeneKind } from "../../genes/gene-kind.js";
import { GENE_KINDS } from "../../genes/gene-kinds.js";
import type { HardwareCostModel } from "../../hardware/contract.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import type { BaselineName } from "../baselines/baseline-names.js";
import type { ResolvedCheckpointOptions } from "../checkpoint/checkpoint-options.js";
import type { ResolvedConfig } from "../config.js";
import type { Stopwatch } from "../stop/stopwatch.js";
import type { RunLimits } from "../stop/termination.js";
import type { CustomOperators } from "./custom-operators.js";
import type { EvolutionEvent } from "./evolution-event.js";
import type { ProgressCallback } from "./progress.js";

/** What a run works with. */
export interface RunDependencies {
  readonly config: ResolvedConfig;
  readonly model: ModelSpec;
  readonly costModel: HardwareCostModel;
  /** Default: predicted from quantization noise. */
  readonly evaluator?: AccuracyEvaluator | undefined;
  /** Genes beside the settings of layers. Default: those that every search has. */
  readonly genes?: readonly GeneKind[] | undefined;
  /** Beside the built-in ones. */
  readonly operators?: CustomOperators | undefined;
  /** Takes the place of the one that `useSensitivityAnalysis` names. */
  readonly sensitivity?: SensitivityMetric | undefined;
}

/** How far a run goes and who hears of it. */
export interface RunOptions extends RunLimits {
  /**
   * Runs since the run was called; started again by all that a resumed one takes from its
   * checkpoint.
   */
  readonly stopwatch: Stopwatch;
  readonly timeLimitMs?: number | undefined;
  readonly callback?: ProgressCallback | undefined;
  /** Baselines that are given the same budget when the search is over. Default: none. */
  readonly baselines?: readonly BaselineName[] | undefined;
  /** Any of them stops it. */
  readonly signals?: readonly (AbortSignal | undefined)[] | undefined;
  readonly checkpoint?: ResolvedCheckpointOptions | undefined;
  /** Hears of everything; a promise that it returns for a generation is awaited. Must not throw. */
  readonly listener?: ((event: EvolutionEvent) => void | Promise<void>) | undefined;
}

/** Who sees the evaluations of a run. */
export interface EvaluationWatch {
  /** Keeps the evaluator's answers, and gives those that it has. */
  readonly record?: AnswerRecord | undefined;
  /** Hears of each worker that died while its evaluation is tried again. */
  readonly onLostWorker?: ((error: EvaluationError) => void) | undefined;
}

/**
 * What evaluating a genome in a run goes by.
 * @throws EvaluationError when the cost model fails
 */
export function createRunContext(
  { config, model, costModel, evaluator, genes = GENE_KINDS }: RunDependencies,
  noiseTable: NoiseTable = createNoiseTable(model),
  { record, onLostWorker = () => undefined }: EvaluationWatch = {},
): EvaluationContext {
  const given = evaluator ?? createPredictedEvaluator(model, { noiseTable });
  const { evaluationTimeoutMs } = config;
  const retried = retriedEvaluator(given, onLostWorker);
  const timed =
    evaluationTimeoutMs === undefined ? retried : timedEvaluator(retried, evaluationTimeoutMs);
  return createEvaluationContext({
    model,
    costModel,
    evaluator: record === undefined ? timed : recordedEvaluator(timed, record),
    targets: config,
    weights: config,
    kinds: genes,
  });
}
