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

/** The profiles of the default devices, one for each target. Frozen; copy one to make a variant. */
export const hardwareProfiles: readonly HardwareProfile[] = /* @__PURE__ */ Object.freeze(
  TARGETS.map(([first]) => first),
);

/**
 * Every built-in device. The default device of each target is first among its devices, then weaker
 * and stronger ones. The `owner-document` presets are last: they reproduce the owner's document and
 * describe no device.
 */
export const hardwareDevices: readonly HardwareProfile[] = /* @__PURE__ */ Object.freeze([
  ...TARGETS.flat(),
  intelVnniOnnxRuntime,
  ...ownerDocumentDevices,
]);

/**
 * The cost model of a built-in device.
 * @param target a built-in target by name, a profile, or a cost model, which is returned as it is
 * @param options device, threads and batch; none beside a cost model
 * @throws InvalidArgumentError when no built-in profile has the name of the target or device, or an
 *   option is out of range or given beside a cost model; InvalidDocumentError when a profile is not
 *   valid
 *
 * @example
 * ```ts
 * const costModel = costModelFor("arm-dot", { device: "pixel-4", threads: 2 });
 * const { latencyMs, energyMj, notes } = costModel.estimate(model, genome);
 * ```
 */
export function costModelFor(
  target: HardwareTarget | HardwareProfile | HardwareCostModel,
  options: CostModelOptions = {},
): HardwareCostModel {
  return costModelOf(hardwareDevices, target, options);
}
