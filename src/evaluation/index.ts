/**
 * The parts that a search predicts with: quantization noise on the weights, accuracy predicted from it, and the
 * sensitivity of layers.
 * @packageDocumentation
 */
export type { AccuracyEstimate, AccuracyEvaluator } from "./evaluator.js";
export { createNoiseTable, type NoiseTable, type NoiseTableOptions } from "./noise-table.js";
export {
  createPredictedEvaluator,
  type PredictedEvaluatorOptions,
} from "./predicted-evaluator.js";
export {
  layerSensitivity,
  type MeasuredSensitivityOptions,
  measuredSensitivity,
} from "./sensitivity.js";
