import { describeNonRecord, isRecord } from "../check/check-fields.js";

/** What an argument is, for a message. */
export function describeArgument(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return `the function ${value.name || "without a name"}`;
  return isRecord(value) ? "another object" : describeNonRecord(value);
}
