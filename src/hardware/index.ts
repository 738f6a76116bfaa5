export type {
  ComputeFormat,
  CostEstimate,
  CostUncertainty,
  FormatConversion,
  HardwareCostModel,
  LayerCost,
  OperatorSupport,
} from "./contract.js";
export { HardwareTarget } from "./contract.js";
export type { CostModelOptions } from "./cost-model-of.js";
export type { ParameterDiagnosis } from "./fit-diagnosis.js";
export {
  type FitHardwareProfileOptions,
  type FittedParameter,
  fitHardwareProfile,
  type HardwareProfileFit,
  type LatencyErrors,
  latencyErrors,
} from "./fit-hardware-profile.js";
export type { FitOrigin } from "./fit-latency.js";
export {
  type LatencyMeasurement,
  type MeasurementTable,
  parseMeasurementTable,
} from "./latency-measurement.js";
export {
  type LatencyTable,
  type LatencyTableEntry,
  type LatencyTableOrigin,
  latencyTableFromApq,
  latencyTableFromHaq,
  parseLatencyTable,
} from "./latency-table.js";
export { LatencyTableCostModel, type LatencyTableOptions } from "./latency-table-cost-model.js";
export { loadHardwareProfile } from "./load-hardware-profile.js";
export { ownerDocumentWorkload } from "./owner-workload.js";
export { type Figure, type HardwareProfile, hardwareProfileJsonSchema } from "./profile-schema.js";
export { profileWithThreads } from "./profile-with-threads.js";
export { costModelFor, hardwareDevices, hardwareProfiles } from "./registry.js";
export { type ResolvedOperator, resolveOperator } from "./resolve-operator.js";
export { RooflineCostModel, type RooflineOptions } from "./roofline-cost-model.js";
export { storedWeightBytes } from "./stored-weight-bytes.js";
export { supportedLayerSpace } from "./supported-layer-space.js";
export { intelVnniOnnxRuntime } from "./targets/intel-vnni-onnx-runtime.js";
export { tiedLayers } from "./tied-layers.js";
