export { splitBatches } from "../../measure/batches/split-batches.js";
export type { Batch, TensorArray, TensorData } from "../../measure/batches/tensor-data.js";
export {
  type BinaryClassificationOptions,
  binaryClassification,
} from "../../measure/metrics/binary-classification.js";
export type {
  BoxDecoder,
  BoxFormat,
  Corners,
  DetectedBox,
  TruthBox,
} from "../../measure/metrics/boxes/box.js";
export { type BoxDecoderOptions, boxDecoder } from "../../measure/metrics/boxes/box-decoder.js";
export type { KeptBoxes } from "../../measure/metrics/boxes/decoder-options.js";
export { type SsdDecoderOptions, ssdDecoder } from "../../measure/metrics/boxes/ssd-decoder.js";
export { type YoloDecoderOptions, yoloDecoder } from "../../measure/metrics/boxes/yolo-decoder.js";
export { type CtcOptions, ctc } from "../../measure/metrics/ctc.js";
export { type DetectionOptions, detection } from "../../measure/metrics/detection.js";
export {
  type EmbeddingSimilarityOptions,
  embeddingSimilarity,
  type SimilarPair,
} from "../../measure/metrics/embedding-similarity.js";
export type {
  Metric,
  MetricCall,
  MetricOptions,
  MetricResult,
  ModelOutputs,
  OutputTensor,
} from "../../measure/metrics/metric.js";
export { type MultiLabelOptions, multiLabel } from "../../measure/metrics/multi-label.js";
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
export {
  type RegressionMeasure,
  type RegressionOptions,
  regression,
} from "../../measure/metrics/regression.js";
export { type SegmentationOptions, segmentation } from "../../measure/metrics/segmentation.js";
export {
  type TokenClassificationOptions,
  tokenClassification,
} from "../../measure/metrics/token-classification.js";
export { type TopKAccuracyOptions, topKAccuracy } from "../../measure/metrics/top-k-accuracy.js";
export { topOneAccuracy } from "../../measure/metrics/top-one-accuracy.js";
export {
  type ComputeNoiseTableOptions,
  computeNoiseTable,
  type NoiseSetting,
} from "../../measure/threads/compute-noise-table.js";
export type { ThreadOptions } from "../../measure/threads/thread-pool.js";
export {
  type OnnxRuntimeCostModelOptions,
  onnxRuntimeCostModel,
} from "./cost/onnx-runtime-cost-model.js";
export type { ReadExternal } from "./external/external-source.js";
export type { ExternalData } from "./external/model-files.js";
export { type LoadOnnxOptions, loadOnnxModel } from "./read/load-onnx-model.js";
export type { GraphValue, LayerBinding, OnnxModel, WeightUse } from "./read/onnx-model.js";
export { withDimensionsOf } from "./read/with-dimensions-of.js";
export {
  type CalibrateActivationsOptions,
  calibrateActivations,
} from "./session/calibrate-activations.js";
export type { WorkerOptions } from "./session/genome-runner.js";
export type { RuntimeChoice } from "./session/import-runtime.js";
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
export { writeQuantizedOnnx } from "./write/write-quantized-onnx.js";
