import { InvalidArgumentError } from "../errors.js";
import type { HardwareCostModel, HardwareTarget } from "./contract.js";
import type { HardwareProfile } from "./profile-schema.js";
import { profileWithThreads } from "./profile-with-threads.js";
import { RooflineCostModel, type RooflineOptions } from "./roofline-cost-model.js";
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

/** The built-in profiles of the default devices, one for each target. Frozen; copy one to make a variant. */
export const hardwareProfiles: readonly HardwareProfile[] = /* @__PURE__ */ Object.freeze(
  TARGETS.map(([first]) => first),
);

/**
 * Every built-in device: for each target the default first, then weaker and stronger ones. The presets that
 * reproduce the owner's document (`owner-document`) stand last; they are fitted to it and describe no device.
 */
export const hardwareDevices: readonly HardwareProfile[] = /* @__PURE__ */ Object.freeze([
  ...TARGETS.flat(),
  intelVnniOnnxRuntime,
  ...ownerDocumentDevices,
]);

/** Which device, and how it is used. */
export interface CostModelOptions extends RooflineOptions {
  /** A built-in device of the target by `deviceId` (`pixel-4`) or profile name. Default the target's first. */
  readonly device?: string;
  /** Threads of a CPU, 1 to 1024. Default those of the profile. */
  readonly threads?: number;
}

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
  if (typeof target === "object" && target !== null && "estimate" in target) {
    const given = Object.entries(options).find(([, value]) => value !== undefined);
    if (given !== undefined)
      throw new InvalidArgumentError(
        given[0],
        `${given[0]} is given beside a cost model; allowed: a target or profile`,
      );
    return target;
  }
  const { device, threads, batch } = options;
  const chosen = typeof target === "object" && target !== null ? target : builtIn(target as unknown, device);
  if (chosen === target && device !== undefined && device !== chosen.deviceId && device !== chosen.name)
    throw new InvalidArgumentError(
      "device",
      `device is ${JSON.stringify(device)}; allowed beside a profile: its own, ${JSON.stringify(chosen.deviceId ?? chosen.name)}`,
    );
  const profile = threads === undefined ? chosen : profileWithThreads(chosen, threads);
  return new RooflineCostModel(profile, batch === undefined ? {} : { batch });
}

function builtIn(target: unknown, device: string | undefined): HardwareProfile {
  const profiles = hardwareDevices.filter((known) => known.target === target);
  if (profiles.length === 0)
    throw new InvalidArgumentError(
      "hardwareTarget",
      `hardwareTarget is ${JSON.stringify(target) ?? String(target)}; allowed: ${hardwareProfiles.map((known) => known.target).join(", ")}, a hardware profile or a cost model`,
    );
  const profile =
    device === undefined
      ? profiles[0]
      : profiles.find((known) => known.deviceId === device || known.name === device);
  if (profile === undefined)
    throw new InvalidArgumentError(
      "device",
      `device is ${JSON.stringify(device) ?? String(device)}; allowed for ${String(target)}: ${profiles.map((known) => known.deviceId).join(", ")}`,
    );
  return profile;
}
