/**
 * Noise tables of quantized weights, evaluators that predict accuracy from them, and metrics of how
 * sensitive layers are.
 * @packageDocumentation
 */
export type { AccuracyEstimate, AccuracyEvaluator } from "./evaluator.js";
export { type ExplanationFormat, explanationToString } from "./explain/explanation-text.js";
export {
  createNoiseTable,
  type KnownNoise,
  type NoiseTable,
  type NoiseTableOptions,
} from "./noise/noise-table.js";
export {
  createPredictedEvaluator,
  type PredictedEvaluatorOptions,
} from "./predicted-evaluator.js";
export { type AccuracyDropOptions, accuracyDrop } from "./sensitivity/accuracy-drop.js";
export type {
  ProbeOptions,
  SensitivityMetric,
  SensitivityRequest,
} from "./sensitivity/contract.js";
export { type CurvatureOptions, curvature } from "./sensitivity/curvature.js";
export type { HarmsMetric } from "./sensitivity/deprecated-harms.js";
export {
  layerSensitivity,
  type MeasuredSensitivityOptions,
  measuredSensitivity,
} from "./sensitivity/layer-sensitivity.js";
export { outputError } from "./sensitivity/output-error.js";
export {
  type SensitivityReport,
  sensitivityReport,
} from "./sensitivity/sensitivity-report.js";
export {
  priorWeightedNoise,
  type WeightNoiseOptions,
  weightNoise,
} from "./sensitivity/weight-noise.js";
