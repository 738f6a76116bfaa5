export { type QuantizationEvolutionConfig, type ResolvedConfig, resolveConfig } from "./config.js";
export {
  type EngineParts,
  type EvolutionLayers,
  type EvolutionOptions,
  QuantizationEvolutionEngine,
} from "./engine.js";
export type { FailedGenome } from "./evaluation-ledger.js";
export type { EvolutionResult } from "./evolution-result.js";
export type { GenerationStats, ProgressCallback } from "./progress.js";
export type { StopReason } from "./termination.js";
