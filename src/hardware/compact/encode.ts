import { FIGURE_TAGS, type HardwareProfile } from "../profile/profile-schema.js";
import type { CompactDevices } from "./compact-devices.js";

/** JSON texts shorter than this are repeated rather than shared. */
const SHORT = 24;

/**
 * Encodes profiles without the texts that only people read. A figure becomes `[value, tag, unit]`,
 * and a list `{ "[]": list }`. Equal parts are written once, and referred to as `"@place"`. The
 * sources of validation errors stay, because estimates show them.
 */
export function encodeDevices(devices: readonly HardwareProfile[]): CompactDevices {
  const units: string[] = [];
  const unitOf = (unit: string) => {
    if (!units.includes(unit)) units.push(unit);
    return units.indexOf(unit);
  };
  const slim = (node: unknown, path: readonly string[]): unknown => {
    if (Array.isArray(node)) return { "[]": node.map((item) => slim(item, path)) };
    if (typeof node !== "object" || node === null) return node;
    if ("tag" in node && "unit" in node) {
      const { value, tag, unit, source } = node as {
        value: number;
        tag: (typeof FIGURE_TAGS)[number];
        unit: string;
        source: string;
      };
      const figure = [value, FIGURE_TAGS.indexOf(tag), unitOf(unit)];
      return path.includes("validation") ? [...figure, source] : figure;
    }
    // Other nodes with a source say what a runtime fuses.
    const parts = Object.entries(node).filter(([key]) => key !== "source");
    return Object.fromEntries(parts.map(([key, part]) => [key, slim(part, [...path, key])]));
  };
  const slimmed = devices.map((device) => slim(device, []));
  const counts = new Map<string, number>();
  const count = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    const text = JSON.stringify(node);
    counts.set(text, (counts.get(text) ?? 0) + 1);
    if (counts.get(text) === 1) for (const part of Object.values(node)) count(part);
  };
  for (const device of slimmed) count(device);
  const pool: unknown[] = [];
  const places = new Map<string, number>();
  const share = (node: unknown): unknown => {
    if (typeof node !== "object" || node === null) return node;
    const text = JSON.stringify(node);
    const known = places.get(text);
    if (known !== undefined) return `@${known}`;
    const shared = Array.isArray(node)
      ? node.map(share)
      : Object.fromEntries(Object.entries(node).map(([key, part]) => [key, share(part)]));
    if ((counts.get(text) ?? 0) < 2 || text.length < SHORT) return shared;
    places.set(text, pool.length);
    pool.push(shared);
    return `@${pool.length - 1}`;
  };
  return { units, devices: slimmed.map(share), pool };
}

/** The text of the module that exports the compact devices. */
export function compactModule(devices: readonly HardwareProfile[]): string {
  const json = JSON.stringify(encodeDevices(devices))
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "\\'");
  return `// Generated from src/hardware/targets/ by \`npm run build:devices\`; do not edit.
import type { CompactDevices } from "./compact-devices.js";

/** The default device of each target, without the sources of its figures. */
export const COMPACT_DEVICES: CompactDevices = JSON.parse(
  // biome-ignore format: generated
  '${json}',
);
`;
}
