import { InvalidArgumentError } from "../errors.js";
import type { HardwareCostModel, HardwareTarget } from "./contract.js";
import type { HardwareProfile } from "./profile-schema.js";
import { RooflineCostModel } from "./roofline-cost-model.js";
import { appleNeuralEngine } from "./targets/apple-neural-engine.js";
import { armDot } from "./targets/arm-dot.js";
import { armNeon } from "./targets/arm-neon.js";
import { intelVnni } from "./targets/intel-vnni.js";
import { nvidiaTensorrt } from "./targets/nvidia-tensorrt.js";
import { qualcommHexagon } from "./targets/qualcomm-hexagon.js";

/** The built-in profiles, one for each target. Frozen; copy one to make a variant. */
export const hardwareProfiles: readonly HardwareProfile[] = /* @__PURE__ */ Object.freeze([
  armNeon,
  armDot,
  qualcommHexagon,
  appleNeuralEngine,
  nvidiaTensorrt,
  intelVnni,
]);

/**
 * The cost model of a built-in target, of a profile, or the given model itself.
 * @throws InvalidArgumentError when no built-in profile has the target's name
 * @throws InvalidDocumentError when a profile is not valid
 */
export function costModelFor(
  target: HardwareTarget | HardwareProfile | HardwareCostModel,
): HardwareCostModel {
  if (typeof target === "object" && target !== null)
    return "estimate" in target ? target : new RooflineCostModel(target);
  const profile = hardwareProfiles.find((known) => known.target === target);
  if (profile === undefined)
    throw new InvalidArgumentError(
      "hardwareTarget",
      `hardwareTarget is ${JSON.stringify(target) ?? String(target)}; allowed: ${hardwareProfiles.map((known) => known.target).join(", ")}, a hardware profile or a cost model`,
    );
  return new RooflineCostModel(profile);
}
