export {
  type ActivationFormat,
  ActivationRanges,
  type ObservedTensor,
} from "./activations/activation-ranges.js";
export {
  type CalibrateActivationsOptions,
  calibrateActivations,
} from "./activations/calibrate-activations.js";
export { layerInputPower } from "./activations/layer-input-power.js";
export type {
  Metric,
  MetricCall,
  MetricOptions,
  MetricResult,
  ModelOutputs,
} from "./metrics/metric.js";
export { outputAgreement } from "./metrics/output-agreement.js";
export { type OutputDivergenceOptions, outputDivergence } from "./metrics/output-divergence.js";
export { perplexity } from "./metrics/perplexity.js";
export type { ClassIndices } from "./metrics/score-rows.js";
export { topOneAccuracy } from "./metrics/top-one-accuracy.js";
export { type LoadOnnxOptions, loadOnnxModel } from "./read/load-onnx-model.js";
export type { GraphValue, LayerBinding, OnnxModel, WeightUse } from "./read/onnx-model.js";
export {
  type MeasuredLatency,
  type MeasureOnnxLatencyOptions,
  measureOnnxLatencies,
  measureOnnxLatency,
} from "./session/measure-onnx-latency.js";
export {
  createOnnxEvaluator,
  type OnnxEvaluator,
  type OnnxEvaluatorOptions,
} from "./session/onnx-evaluator.js";
export type { GraphOptimizationLevel, OnnxSessionOptions } from "./session/ort-session.js";
export { splitBatches } from "./split-batches.js";
export type { Batch, TensorArray, TensorData } from "./tensor-data.js";
export { calibrateWeights } from "./weights/calibrate-weights.js";
export {
  type ComputeNoiseTableOptions,
  computeNoiseTable,
  type NoiseSetting,
} from "./weights/compute-noise-table.js";
export { shareWeights } from "./weights/share-weights.js";
export type { WorkerOptions } from "./workers/choose-runner.js";
export type { ThreadOptions } from "./workers/thread-pool.js";
export {
  type QuantizedOnnx,
  type QuantizeOnnxOptions,
  quantizeOnnx,
  quantizeOnnxWithReport,
} from "./write/quantize-onnx.js";
export type { QuantizedLayer } from "./write/quantized-model.js";
export type { StorageType } from "./write/storage-type.js";
