import { decodeDevices } from "./compact/decode.js";
import { COMPACT_DEVICES } from "./compact/devices.js";
import type { HardwareCostModel, HardwareTarget } from "./contract.js";
import { type CostModelOptions, costModelOf } from "./cost-model-of.js";
import type { HardwareProfile } from "./profile-schema.js";

/** Every built-in device, its figures without the texts of their sources: those are in `quantevo/hardware`. */
export const coreDevices: readonly HardwareProfile[] = /* @__PURE__ */ decodeDevices(COMPACT_DEVICES);

/**
 * The built-in profiles of the default devices, one for each target. Frozen; copy one to make a variant. The sources
 * of their figures are in `quantevo/hardware`, where the same profiles stand in full.
 */
export const hardwareProfiles: readonly HardwareProfile[] = /* @__PURE__ */ Object.freeze(
  coreDevices.filter(
    ({ target }, index) => coreDevices.findIndex((device) => device.target === target) === index,
  ),
);

/**
 * The cost model of a built-in target, of a profile, or the given model itself.
 * @throws InvalidArgumentError when no built-in profile has the target's name or the device's, or an option is out
 * of range or makes no sense beside a cost model
 * @throws InvalidDocumentError when a profile is not valid
 */
export function costModelFor(
  target: HardwareTarget | HardwareProfile | HardwareCostModel,
  options: CostModelOptions = {},
): HardwareCostModel {
  return costModelOf(coreDevices, target, options);
}
