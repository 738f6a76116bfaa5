export { splitBatches } from "../../measure/batches/split-batches.js";
export type { Batch, TensorArray, TensorData } from "../../measure/batches/tensor-data.js";
export type {
  Metric,
  MetricCall,
  MetricOptions,
  MetricResult,
  ModelOutputs,
  OutputTensor,
} from "../../measure/metrics/metric.js";
export {
  type OutputAgreementOptions,
  outputAgreement,
} from "../../measure/metrics/output-agreement.js";
export {
  type OutputDivergenceOptions,
  outputDivergence,
} from "../../measure/metrics/output-divergence.js";
export type { ClassIndices } from "../../measure/metrics/outputs/score-rows.js";
export { type PerplexityOptions, perplexity } from "../../measure/metrics/perplexity.js";
export { topOneAccuracy } from "../../measure/metrics/top-one-accuracy.js";
export {
  type ComputeNoiseTableOptions,
  computeNoiseTable,
  type NoiseSetting,
} from "../../measure/threads/compute-noise-table.js";
export type { ThreadOptions } from "../../measure/threads/thread-pool.js";
export { type LoadOnnxOptions, loadOnnxModel } from "./read/load-onnx-model.js";
export type { GraphValue, LayerBinding, OnnxModel, WeightUse } from "./read/onnx-model.js";
export {
  type CalibrateActivationsOptions,
  calibrateActivations,
} from "./session/calibrate-activations.js";
export type { WorkerOptions } from "./session/genome-runner.js";
export { layerInputPower } from "./session/layer-input-power.js";
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
export { calibrateWeights } from "./weights/calibrate-weights.js";
export { shareWeights } from "./weights/share-weights.js";
export {
  type ActivationFormat,
  ActivationRanges,
  type ObservedTensor,
} from "./write/activation-ranges.js";
export {
  type QuantizedOnnx,
  type QuantizeOnnxOptions,
  quantizeOnnx,
  quantizeOnnxWithReport,
} from "./write/quantize-onnx.js";
export type { QuantizedLayer } from "./write/quantized-model.js";
export type { StorageType } from "./write/storage-type.js";
