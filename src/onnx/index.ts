export { type LoadOnnxOptions, loadOnnxModel } from "./load-onnx-model.js";
export type { GraphValue, LayerBinding, OnnxModel, WeightUse } from "./onnx-model.js";
export type { Batch, TensorArray, TensorData } from "./tensor-data.js";
