import { decodeDevices } from "./compact/decode.js";
import { COMPACT_DEVICES } from "./compact/devices.js";
import type { HardwareCostModel, HardwareTarget } from "./contract.js";
import { type CostModelOptions, costModelOf } from "./cost-model-of.js";
import type { HardwareProfile } from "./profile/profile-schema.js";

/**
 * The profiles of the default devices, one for each target. Frozen; copy one to make a variant.
 * Their figures lack the texts of their sources. `quantevo/hardware` has the same profiles in full,
 * and other devices.
 */
export const hardwareProfiles: readonly HardwareProfile[] =
  /* @__PURE__ */ decodeDevices(COMPACT_DEVICES);

/**
 * The cost model of a target's default device. `costModelFor` of `quantevo/hardware` also knows
 * other devices.
 * @param target a built-in target by name, a profile, or a cost model, which is returned as it is
 * @param options device, threads and batch; none beside a cost model
 * @throws InvalidArgumentError when no built-in profile has the name of the target or device, or an
 *   option is out of range or given beside a cost model; InvalidDocumentError when a profile is not
 *   valid
 *
 * @example
 * ```ts
 * import { costModelFor, QuantizationGenome, referenceWorkload } from "quantevo";
 *
 * const model = referenceWorkload(["embedding", "ffn"]);
 * const layerConfigs = { embedding: {}, ffn: { weightBits: 4 } } as const;
 * const genome = new QuantizationGenome({ layerConfigs });
 * const { latencyMs, notes, uncertainty } = costModelFor("arm-dot").estimate(model, genome);
 * console.log(latencyMs, notes, uncertainty?.latency);
 * ```
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
