import type { z } from "zod";
import { didYouMean } from "../check/did-you-mean.js";
import { InvalidConfigError } from "../errors.js";

/**
 * The error of a configuration's first issue.
 * @param allowed what is allowed, by field
 */
export function configError(
  issue: z.core.$ZodIssue | undefined,
  config: object,
  allowed: Readonly<Record<string, string>>,
): InvalidConfigError {
  if (issue?.code === "unrecognized_keys" && issue.path.length === 0) {
    const key = String(issue.keys[0]);
    const names = Object.keys(allowed);
    return new InvalidConfigError(
      key,
      `${key} is no field of the configuration${didYouMean(key, names)}; allowed: ` +
        names.join(", "),
    );
  }
  const path = (issue?.path ?? []).map(String);
  if (issue?.code === "unrecognized_keys") {
    const [within, key] = [path.join("."), String(issue.keys[0])];
    return new InvalidConfigError(
      `${within}.${key}`,
      `${within}.${key} is no field of ${within}; allowed: ${allowed[path[0] ?? ""]}`,
    );
  }
  let value: unknown = config;
  for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
  return new InvalidConfigError(
    path.join("."),
    `${path.join(".")} is ${show(value)}; allowed: ` +
      `${allowedWithin(allowed[path[0] ?? ""] ?? "see the documentation", path.length - 1)}`,
  );
}

/** What is allowed within a field, so many levels down, from what is allowed for the field. */
function allowedWithin(field: string, depth: number): string {
  if (depth === 0) return field;
  const names = depth === 1 ? "a list of layer names" : "a layer name";
  return field
    .replace(/^a list of at least one integer/, "an integer")
    .replace(/^a list of at least one of/, "one of")
    .replace(/^a list of lists of layer names$/, names);
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
