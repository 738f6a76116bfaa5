/**
 * The parts that a search predicts and judges layers with: quantization noise on the weights, accuracy predicted from it, and the
 * sensitivity of layers by several metrics.
 * @packageDocumentation
 */
export type { AccuracyEstimate, AccuracyEvaluator } from "./evaluator.js";
export { type ExplanationFormat, explanationToString } from "./explanation-text.js";
export {
  createNoiseTable,
  type KnownNoise,
  type NoiseTable,
  type NoiseTableOptions,
} from "./noise-table.js";
export {
  createPredictedEvaluator,
  type PredictedEvaluatorOptions,
} from "./predicted-evaluator.js";
export {
  layerSensitivity,
  type MeasuredSensitivityOptions,
  measuredSensitivity,
} from "./sensitivity.js";
export { type AccuracyDropOptions, accuracyDrop } from "./sensitivity-metrics/accuracy-drop.js";
export type {
  ProbeOptions,
  SensitivityMetric,
  SensitivityRequest,
} from "./sensitivity-metrics/contract.js";
export { type CurvatureOptions, curvature } from "./sensitivity-metrics/curvature.js";
export { outputError } from "./sensitivity-metrics/output-error.js";
export {
  type SensitivityReport,
  sensitivityReport,
} from "./sensitivity-metrics/sensitivity-report.js";
export {
  priorWeightedNoise,
  type WeightNoiseOptions,
  weightNoise,
} from "./sensitivity-metrics/weight-noise.js";
