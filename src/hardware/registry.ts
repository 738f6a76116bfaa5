import type { HardwareCostModel, HardwareTarget } from "./contract.js";
import { type CostModelOptions, costModelOf } from "./cost-model-of.js";
import type { HardwareProfile } from "./profile/profile-schema.js";
import { appleNeuralEngineDevices } from "./targets/apple-neural-engine.js";
import { armDotDevices } from "./targets/arm-dot.js";
import { armNeonDevices } from "./targets/arm-neon.js";
import { intelVnniDevices } from "./targets/intel-vnni.js";
import { intelVnniOnnxRuntime } from "./targets/intel-vnni-onnx-runtime.js";
import { nvidiaTensorrtDevices } from "./targets/nvidia-tensorrt.js";
import { ownerDocumentDevices } from "./targets/owner-document.js";
import { qualcommHexagonDevices } from "./targets/qualcomm-hexagon.js";

const TARGETS = /* @__PURE__ */ Object.freeze([
  armNeonDevices,
  armDotDevices,
  qualcommHexagonDevices,
  appleNeuralEngineDevices,
  nvidiaTensorrtDevices,
  intelVnniDevices,
]);

/**
 * The built-in profiles of the default devices, one for each target. Frozen; copy one to make a
 * variant.
 */
export const hardwareProfiles: readonly HardwareProfile[] = /* @__PURE__ */ Object.freeze(
  TARGETS.map(([first]) => first),
);

/**
 * Every built-in device: for each target the default first, then weaker and stronger ones. The
 * presets that reproduce the owner's document (`owner-document`) stand last; they are fitted to it
 * and describe no device.
 */
export const hardwareDevices: readonly HardwareProfile[] = /* @__PURE__ */ Object.freeze([
  ...TARGETS.flat(),
  intelVnniOnnxRuntime,
  ...ownerDocumentDevices,
]);

/**
 * The cost model of a built-in target, of a profile, or the given model itself.
 * @throws InvalidArgumentError when no built-in profile has the target's name or the device's, or
 *   an option is out of range or makes no sense beside a cost model
 * @throws InvalidDocumentError when a profile is not valid
 */
export function costModelFor(
  target: HardwareTarget | HardwareProfile | HardwareCostModel,
  options: CostModelOptions = {},
): HardwareCostModel {
  return costModelOf(hardwareDevices, target, options);
}
