export type { CheckpointReport } from "./checkpoint.js";
export type { CheckpointOptions } from "./checkpoint-options.js";
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
export type { FailedGenome } from "./evaluation-ledger.js";
export type { ConstraintStatus, EvolutionEvent } from "./evolution-event.js";
export type { EvolutionOptions } from "./evolution-options.js";
export type { EvolutionResult } from "./evolution-result.js";
export type { ExplainGenomeOptions } from "./explain.js";
export type { SensitivityFallback } from "./fill-from-prediction.js";
export type { BaselineName } from "./measured/baseline-names.js";
export type { BaselineReport } from "./measured/baseline-report.js";
export type { GenerationStats, ProgressCallback } from "./progress.js";
export type { SensitivityName } from "./sensitivity-names.js";
export {
  afterEvaluations,
  afterGenerations,
  afterTime,
  allOf,
  anyOf,
  type SearchProgress,
  type StopCondition,
  whenStagnant,
} from "./stop-condition.js";
export type { StopReason } from "./termination.js";
export type { ViolatedLimit } from "./violated-limits.js";
