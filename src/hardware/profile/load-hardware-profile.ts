import { InvalidDocumentError } from "../../errors.js";
import { type HardwareProfile, hardwareProfileSchema } from "./profile-schema.js";

/**
 * Checks a hardware profile and freezes it.
 * @param data a profile as an object, or as JSON text
 * @throws InvalidDocumentError whose path is the field at fault, such as `dram.bandwidthGBs.value`;
 *   its message has the value and what is allowed
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
  const parsed = hardwareProfileSchema.safeParse(typeof data === "string" ? parseJson(data) : data);
  if (parsed.success) return deepFreeze(parsed.data);
  const issue = parsed.error.issues[0];
  const keys =
    issue?.code === "unrecognized_keys"
      ? [...issue.path, ...issue.keys.slice(0, 1)]
      : [...(issue?.path ?? [])];
  const path = keys.map(String).join(".");
  const value = issue?.code === "unrecognized_keys" ? "" : ` is ${describe(valueAt(data, keys))}`;
  throw new InvalidDocumentError(
    path,
    `hardware profile: ${path || "the document"}${value}: ${issue?.message ?? "is not valid"}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidDocumentError("", `hardware profile: the text is no JSON (${String(cause)})`, {
      cause,
    });
  }
}

function valueAt(data: unknown, keys: readonly PropertyKey[]): unknown {
  let value: unknown = data;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "an array" : "an object";
  return String(value);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
