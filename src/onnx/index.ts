export { type ActivationFormat, ActivationRanges, type ObservedTensor } from "./activation-ranges.js";
export { type CalibrateActivationsOptions, calibrateActivations } from "./calibrate-activations.js";
export { calibrateWeights } from "./calibrate-weights.js";
export {
  type ComputeNoiseTableOptions,
  computeNoiseTable,
  type NoiseSetting,
} from "./compute-noise-table.js";
export { layerInputPower } from "./layer-input-power.js";
export { type LoadOnnxOptions, loadOnnxModel } from "./load-onnx-model.js";
export {
  type MeasuredLatency,
  type MeasureOnnxLatencyOptions,
  measureOnnxLatencies,
  measureOnnxLatency,
} from "./measure-onnx-latency.js";
export type { Metric, MetricCall, MetricOptions, MetricResult, ModelOutputs } from "./metrics/metric.js";
export { outputAgreement } from "./metrics/output-agreement.js";
export { type OutputDivergenceOptions, outputDivergence } from "./metrics/output-divergence.js";
export { perplexity } from "./metrics/perplexity.js";
export type { ClassIndices } from "./metrics/score-rows.js";
export { topOneAccuracy } from "./metrics/top-one-accuracy.js";
export { createOnnxEvaluator, type OnnxEvaluator, type OnnxEvaluatorOptions } from "./onnx-evaluator.js";
export type { GraphValue, LayerBinding, OnnxModel, WeightUse } from "./onnx-model.js";
export type { GraphOptimizationLevel, OnnxSessionOptions } from "./ort-session.js";
export {
  type QuantizedOnnx,
  type QuantizeOnnxOptions,
  quantizeOnnx,
  quantizeOnnxWithReport,
} from "./quantize-onnx.js";
export type { QuantizedLayer } from "./quantized-model.js";
export { shareWeights } from "./share-weights.js";
export { splitBatches } from "./split-batches.js";
export type { StorageType } from "./storage-type.js";
export type { Batch, TensorArray, TensorData } from "./tensor-data.js";
export type { WorkerOptions } from "./workers/choose-runner.js";
export type { ThreadOptions } from "./workers/thread-pool.js";
