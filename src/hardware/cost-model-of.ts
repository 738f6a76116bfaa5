import { didYouMean } from "../check/did-you-mean.js";
import { InvalidArgumentError } from "../errors.js";
import type { HardwareCostModel, HardwareTarget } from "./contract.js";
import { targetOfDevice } from "./device-names.js";
import type { HardwareProfile } from "./profile/profile-schema.js";
import { profileWithThreads } from "./profile/profile-with-threads.js";
import { RooflineCostModel, type RooflineOptions } from "./roofline/roofline-cost-model.js";

/** Options of {@link costModelFor}. */
export interface CostModelOptions extends RooflineOptions {
  /**
   * A built-in device of the target, by `deviceId` (`pixel-4`) or profile name. Default: the first
   * of the target.
   */
  readonly device?: string;
  /** Threads of a CPU, 1 to 1024. Default: those of the profile. */
  readonly threads?: number;
}

/**
 * The cost model of one of `devices`, of a profile, or the given model itself.
 * @param target a built-in target by name, a profile, or a cost model, which is returned as it is
 * @param options device, threads and batch; none beside a cost model
 * @param elsewhere where to find more devices, appended to the message about an unknown one
 * @throws InvalidArgumentError when no built-in profile has the name of the target or device, or an
 *   option is out of range or given beside a cost model; InvalidDocumentError when a profile is not
 *   valid
 */
export function costModelOf(
  devices: readonly HardwareProfile[],
  target: HardwareTarget | HardwareProfile | HardwareCostModel,
  options: CostModelOptions,
  elsewhere = "",
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
  const chosen =
    typeof target === "object" && target !== null
      ? target
      : builtIn(devices, target as unknown, device, elsewhere);
  if (
    chosen === target &&
    device !== undefined &&
    device !== chosen.deviceId &&
    device !== chosen.name
  )
    throw new InvalidArgumentError(
      "device",
      `device is ${JSON.stringify(device)}; allowed beside a profile: its own, ` +
        `${JSON.stringify(chosen.deviceId ?? chosen.name)}`,
    );
  const profile = threads === undefined ? chosen : profileWithThreads(chosen, threads);
  return new RooflineCostModel(profile, batch === undefined ? {} : { batch });
}

function builtIn(
  devices: readonly HardwareProfile[],
  target: unknown,
  device: string | undefined,
  elsewhere: string,
): HardwareProfile {
  const profiles = devices.filter((known) => known.target === target);
  if (profiles.length === 0) {
    const targets = [...new Set(devices.map((known) => known.target))];
    const hint =
      typeof target === "string" ? deviceHint(target) || didYouMean(target, targets) : "";
    throw new InvalidArgumentError(
      "hardwareTarget",
      `hardwareTarget is ${JSON.stringify(target) ?? String(target)}${hint}; allowed: ` +
        `${targets.join(", ")}, a hardware profile or a cost model`,
    );
  }
  const profile =
    device === undefined
      ? profiles[0]
      : profiles.find((known) => known.deviceId === device || known.name === device);
  if (profile === undefined)
    throw new InvalidArgumentError(
      "device",
      `device is ${JSON.stringify(device) ?? String(device)}; allowed for ${String(target)}: ` +
        `${profiles.map((known) => known.deviceId).join(", ")}${elsewhere}`,
    );
  return profile;
}

/** For the name of a device in place of a target: how a device is chosen. */
function deviceHint(name: string): string {
  const target = targetOfDevice(name);
  if (target === undefined) return "";
  return (
    `, a device of ${target} (costModelFor(${JSON.stringify(target)}, { device: ` +
    `${JSON.stringify(name)} }) of quantevo/hardware is its cost model)`
  );
}
