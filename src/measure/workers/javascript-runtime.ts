/** Something that runs JavaScript and loads packages of Node.js; Bun and Deno say they are Node. */
export type JavaScriptRuntime = "Node.js" | "Bun" | "Deno";

/** What runs this program; undefined in a browser. */
export function javaScriptRuntime(): JavaScriptRuntime | undefined {
  const versions = typeof process === "undefined" ? undefined : process.versions;
  if (versions?.node === undefined) return undefined;
  if (versions.bun !== undefined) return "Bun";
  return versions.deno !== undefined ? "Deno" : "Node.js";
}

/**
 * Node.js itself. Worker processes and threads are its alone: those of tinypool 2 keep a program of
 * Bun 1.4 from ending, and end one of Deno 2.9 with an error.
 */
export const inNode = (): boolean => javaScriptRuntime() === "Node.js";
