import type { z } from "zod";
import { describeValue } from "./describe-value.js";

/** What is wrong with data, in our words. */
export interface DescribedIssue {
  /** The field at fault, dots between levels; empty for the data as a whole. */
  readonly path: string;
  /** Names field, value and what is allowed. */
  readonly message: string;
}

/**
 * The field, its value and what is allowed there, for the first issue that a schema found in
 * `data`.
 */
export function describeIssue(error: z.core.$ZodError, data: unknown): DescribedIssue {
  const issue = error.issues[0];
  if (issue === undefined) return { path: "", message: "the document is not valid" };
  if (issue.code === "unrecognized_keys") {
    const path = [...issue.path, issue.keys[0] ?? ""].map(String).join(".");
    return {
      path,
      message: `${path} is no field of this document; allowed: the fields of schema version 1`,
    };
  }
  const path = issue.path.map(String).join(".");
  const value = valueAt(data, issue.path);
  const found = value === undefined ? "missing" : describeValue(value);
  return { path, message: `${path || "the document"} is ${found}; allowed: ${allowedBy(issue)}` };
}

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a finite number",
  int: "an integer",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

function allowedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.map(String).join(", ");
    case "too_small":
      return bound(issue.origin, issue.inclusive === false ? "above" : "at least", issue.minimum);
    case "too_big":
      return bound(issue.origin, issue.inclusive === false ? "below" : "at most", issue.maximum);
    case "invalid_union":
      return [...new Set(issue.errors.flatMap((option) => option.slice(0, 1).map(allowedBy)))].join(
        ", or ",
      );
    case "invalid_format":
      return issue.pattern === undefined ? `text as ${issue.format}` : `text like ${issue.pattern}`;
    case "custom":
      return issue.message;
    default:
      return "another value";
  }
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === "array") return `a list of ${relation} ${limit}`;
  if (origin === "string") return `text of ${relation} ${limit} character`;
  return `a number ${relation} ${limit}`;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
