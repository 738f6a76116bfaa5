import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../src/engine/config.js";
import { InvalidConfigError } from "../../src/errors.js";

const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
const source = readFileSync(new URL("../../src/engine/config.ts", import.meta.url), "utf8");

/** What the error for a configuration says is allowed. */
function allowed(config: object): string {
  try {
    resolveConfig(config);
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.message.split("; allowed: ")[1]!;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

const fields = allowed({ noSuchField: 1 }).split(", ");
const defaults = resolveConfig() as unknown as Readonly<Record<string, unknown>>;

/** The types that the interface gives its fields. */
const types = new Map(
  [
    ...source
      .slice(source.indexOf("export interface QuantizationEvolutionConfig "))
      .split("\n}\n", 1)[0]!
      .matchAll(/readonly (\w+)\?:\s*([^;]*?)\s*\| undefined;/g),
  ].map(([, name, type]) => [name!, type!.replace(/\s+/g, " ").replace(/^\| /, "")]),
);

const code = (text: string): string => `\`${text}\``;

function row(name: string): string {
  const value = defaults[name];
  const none = value === undefined || value instanceof Map;
  const cells = [
    code(name),
    code(types.get(name)!.replaceAll("|", "\\|")),
    none ? "none" : code(JSON.stringify(value)),
    allowed({ [name]: Symbol() }),
  ];
  return `| ${cells.join(" | ")} |`;
}

describe("docs/configuration.md", () => {
  it("has a row for every field, with the type, default and range of the code", () => {
    expect(fields.length).toBeGreaterThan(35);
    const rows = page.split("\n").filter((line) => /^\| `/.test(line));
    expect(rows.toSorted()).toEqual(fields.map(row).toSorted());
  });

  it("says of every field what it does", () => {
    const prose = page.replace(/^\|.*$/gm, "").replace(/```[\s\S]*?```/g, "");
    // The four weights of the fitness are described together.
    const described = fields.filter((name) => !name.endsWith("Weight"));
    expect(
      described.filter((name) => !prose.includes(code(name)) && !prose.includes(`\`${name}:`)),
    ).toEqual([]);
  });
});
