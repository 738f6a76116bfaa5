export type {
  ComputeFormat,
  CostEstimate,
  HardwareCostModel,
  LayerCost,
  OperatorSupport,
} from "./contract.js";
export { HardwareTarget } from "./contract.js";
export { loadHardwareProfile } from "./load-hardware-profile.js";
export type { Figure, HardwareProfile } from "./profile-schema.js";
export { costModelFor, hardwareProfiles } from "./registry.js";
export { type ResolvedOperator, resolveOperator } from "./resolve-operator.js";
export { RooflineCostModel } from "./roofline-cost-model.js";
export { storedWeightBytes } from "./stored-weight-bytes.js";
export { supportedLayerSpace } from "./supported-layer-space.js";
