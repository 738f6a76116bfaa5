import { decodeDevices } from "./compact/decode.js";
import { COMPACT_DEVICES } from "./compact/devices.js";
import type { HardwareCostModel, HardwareTarget } from "./contract.js";
import { type CostModelOptions, costModelOf } from "./cost-model-of.js";
import type { HardwareProfile } from "./profile/profile-schema.js";

/**
 * The built-in profiles of the default devices, one for each target, their figures without the
 * texts of their sources. Frozen; copy one to make a variant. The same profiles stand in full in
 * `quantevo/hardware`, and other devices beside them.
 */
export const hardwareProfiles: readonly HardwareProfile[] =
  /* @__PURE__ */ decodeDevices(COMPACT_DEVICES);

/**
 * The cost model of a target's default device, of a profile, or the given model itself. The one of
 * `quantevo/hardware` knows other devices too.
 * @throws InvalidArgumentError when no built-in profile has the target's name or the device's, or
 *   an option is out of range or makes no sense beside a cost model
 * @throws InvalidDocumentError when a profile is not valid
 */
export function costModelFor(
  target: HardwareTarget | HardwareProfile | HardwareCostModel,
  options: CostModelOptions = {},
): HardwareCostModel {
  return costModelOf(
    hardwareProfiles,
    target,
    options,
    "; more devices: costModelFor of quantevo/hardware",
  );
}
