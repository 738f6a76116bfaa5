import type { HardwareProfile } from "../profile/profile-schema.js";
import { FIGURE_TAGS } from "../profile/profile-schema.js";
import type { CompactDevices } from "./compact-devices.js";

/** Source of a figure whose full text is elsewhere. */
export const SOURCE_ELSEWHERE = "in full in hardwareDevices of quantevo/hardware";

/**
 * Decodes compact devices into frozen profiles that share equal parts. Their figures say where the
 * sources are.
 */
export function decodeDevices({
  units,
  pool,
  devices,
}: CompactDevices): readonly HardwareProfile[] {
  const parts: unknown[] = [];
  const grow = (node: unknown): unknown => {
    if (typeof node === "string" && node.startsWith("@")) return parts[Number(node.slice(1))];
    if (typeof node !== "object" || node === null) return node;
    if (Array.isArray(node)) {
      const [value, tag, unit, source = SOURCE_ELSEWHERE] = node as [
        number,
        number,
        number,
        string?,
      ];
      return Object.freeze({ value, unit: units[unit], tag: FIGURE_TAGS[tag], source });
    }
    if ("[]" in node) return Object.freeze((node["[]"] as unknown[]).map(grow));
    const entries = Object.entries(node).map(([key, part]) => [key, grow(part)]);
    return Object.freeze({
      ...Object.fromEntries(entries),
      ...("followedBy" in node && { source: SOURCE_ELSEWHERE }),
    });
  };
  for (const part of pool) parts.push(grow(part));
  return Object.freeze(devices.map(grow)) as readonly HardwareProfile[];
}
