import { deepFreeze } from "../../check/deep-freeze.js";
import { describeIssue } from "../../check/describe-issue.js";
import { readJson } from "../../check/read-json.js";
import { InvalidDocumentError } from "../../errors.js";
import { type HardwareProfile, hardwareProfileSchema } from "./profile-schema.js";

/**
 * Checks a hardware profile and freezes it.
 * @param data a profile as an object, or as JSON text
 * @throws InvalidDocumentError whose path is the field at fault, such as `dram.bandwidthGBs.value`;
 *   its message has the value, what is allowed, and how many more faults there are
 *
 * @example
 * ```ts
 * import { hardwareProfiles, loadHardwareProfile, QuantizationEvolutionEngine } from "quantevo";
 *
 * const [neon] = hardwareProfiles;
 * const board = loadHardwareProfile({ ...neon, target: "my-board", name: "My board" });
 * new QuantizationEvolutionEngine({ hardwareTarget: board });
 * ```
 */
export function loadHardwareProfile(data: unknown): HardwareProfile {
  const document = typeof data === "string" ? readJson(data, MOST_CHARACTERS) : data;
  const parsed = hardwareProfileSchema.safeParse(document);
  if (parsed.success) return deepFreeze(parsed.data);
  const { path, message } = describeIssue(parsed.error, document);
  const others = parsed.error.issues.length - 1;
  const more = others > 0 ? ` (and ${others} more ${others === 1 ? "fault" : "faults"})` : "";
  throw new InvalidDocumentError(path, `hardware profile: ${message}${more}`);
}

/** Most characters of a profile. Ours have some 10,000. */
const MOST_CHARACTERS = 1024 * 1024;
