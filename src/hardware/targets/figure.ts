import type { Figure } from "../profile-schema.js";

/** Writes a figure of a profile on one line: value, unit, how far to trust it, where it comes from. */
export function figure<Unit extends string>(value: number, unit: Unit, tag: Figure["tag"], source: string) {
  return { value, unit, tag, source };
}
