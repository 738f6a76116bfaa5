export type { BaselineName } from "./baselines/baseline-names.js";
export type { BaselineReport } from "./baselines/baseline-report.js";
export type { CheckpointReport } from "./checkpoint/checkpoint.js";
export type { CheckpointOptions } from "./checkpoint/checkpoint-options.js";
export {
  type QuantizationEvolutionConfig,
  type ResolvedConfig,
  resolveConfig,
  type Stagnation,
} from "./config.js";
export {
  type EngineParts,
  type EvolutionLayers,
  QuantizationEvolutionEngine,
  type SensitivityOptions,
} from "./engine.js";
export type { ExplainGenomeOptions } from "./explain.js";
export type { FailedGenome } from "./ledger/evaluation-ledger.js";
export type { ViolatedLimit } from "./ledger/violated-limits.js";
export type {
  ConstraintStatus,
  EvaluationEvent,
  EvaluationStage,
  EvolutionEvent,
} from "./run/evolution-event.js";
export type { EvolutionOptions } from "./run/evolution-options.js";
export type { EvolutionResult } from "./run/evolution-result.js";
export type { GenerationStats, ProgressCallback } from "./run/progress.js";
export type { SensitivityFallback } from "./sensitivity/fill-from-prediction.js";
export type { SensitivityName } from "./sensitivity/sensitivity-names.js";
export {
  afterEvaluations,
  afterGenerations,
  afterTime,
  allOf,
  anyOf,
  type SearchProgress,
  type StopCondition,
  whenStagnant,
} from "./stop/stop-condition.js";
export type { StopReason } from "./stop/termination.js";
