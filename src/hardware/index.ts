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
export type { ParameterDiagnosis } from "./fit/fit-diagnosis.js";
export {
  type FitHardwareProfileOptions,
  type FittedParameter,
  fitHardwareProfile,
  type HardwareProfileFit,
  type LatencyErrors,
  latencyErrors,
} from "./fit/fit-hardware-profile.js";
export type { FitOrigin } from "./fit/fit-latency.js";
export { ownerDocumentWorkload } from "./owner-workload.js";
export { loadHardwareProfile } from "./profile/load-hardware-profile.js";
export {
  type Figure,
  type HardwareProfile,
  hardwareProfileJsonSchema,
} from "./profile/profile-schema.js";
export { profileWithThreads } from "./profile/profile-with-threads.js";
export { type ResolvedOperator, resolveOperator } from "./profile/resolve-operator.js";
export { storedWeightBytes } from "./profile/stored-weight-bytes.js";
export { tiedLayers } from "./profile/tied-layers.js";
export { costModelFor, hardwareDevices, hardwareProfiles } from "./registry.js";
export { RooflineCostModel, type RooflineOptions } from "./roofline/roofline-cost-model.js";
export { supportedLayerSpace } from "./supported-layer-space.js";
export {
  type LatencyMeasurement,
  type MeasurementTable,
  parseMeasurementTable,
} from "./table/latency-measurement.js";
export {
  type LatencyTable,
  type LatencyTableEntry,
  type LatencyTableOrigin,
  latencyTableFromApq,
  latencyTableFromHaq,
  parseLatencyTable,
} from "./table/latency-table.js";
export {
  LatencyTableCostModel,
  type LatencyTableOptions,
} from "./table/latency-table-cost-model.js";
export { intelVnniOnnxRuntime } from "./targets/intel-vnni-onnx-runtime.js";
