/**
 * The parts that a search predicts and judges layers with: quantization noise on the weights,
 * accuracy predicted from it, and the sensitivity of layers by several metrics.
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
