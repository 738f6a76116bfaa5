import { describe, expect, it } from "vitest";
import { InvalidDocumentError } from "../../src/errors.js";
import {
  archiveToString,
  exportToString,
  parseArchive,
  parseQuantizationConfig,
} from "../../src/export.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { Random } from "../../src/random/random.js";

const genome = new QuantizationGenome({
  layerConfigs: {
    embedding: { weightBits: 6 },
    attention: {},
    ffn: { weightBits: 4, granularity: "per-group" },
  },
  metrics: {
    accuracy: 0.9,
    accuracyKind: "measured",
    accuracyMetric: "top-1",
    accuracyMetricValue: 0.9,
    compressionRatio: 7,
    sizeBytes: 100,
    storedBytes: 100,
    inferenceLatencyMs: 1,
    memoryFootprintMb: 1,
    energyPerInferenceMj: 1,
    costKind: "predicted",
    fitnessScore: 0.5,
    violations: { minAccuracy: 0.1 },
  },
});
const context = {
  target: "arm-neon",
  notes: ["a note"],
  calibrated: new Map([["ffn", { weight: { scale: [0.5, 1], zeroPoint: [0, 3] } }]]),
};
const json = exportToString(genome, "json", context);
const yaml = exportToString(genome, "yaml", context);

/** The error that reading gives. Anything else than a typed error fails the test. */
function refusal(text: string, format?: "json" | "yaml"): InvalidDocumentError {
  try {
    parseQuantizationConfig(text, format);
  } catch (error) {
    if (error instanceof InvalidDocumentError) return error;
    throw error;
  }
  throw new Error(`was accepted: ${text.slice(0, 200)}`);
}

const edited = (edit: (data: Record<string, unknown>) => unknown): string => {
  const data = JSON.parse(json) as Record<string, unknown>;
  return JSON.stringify(edit(data) ?? data);
};

describe("malformed documents", () => {
  const cases: [name: string, text: string, path: string][] = [
    [
      "an accuracy above 1",
      edited((d) => ({ ...d, metrics: { ...(d.metrics as object), accuracy: 7 } })),
      "metrics.accuracy",
    ],
    ["another version", edited((d) => ({ ...d, schemaVersion: 2 })), "schemaVersion"],
    ["no version", edited(({ schemaVersion: _, ...d }) => d), "schemaVersion"],
    ["another kind", edited((d) => ({ ...d, kind: "recipe" })), "kind"],
    ["an archive", archiveToString([genome]), "kind"],
    ["an unknown field", edited((d) => ({ ...d, extra: 1 })), "extra"],
    ["no layers", edited((d) => ({ ...d, layers: [] })), "layers"],
    ["a list", "[]", ""],
    ["null", "null", ""],
    ["nothing", "", ""],
    ["a bad scheme", edited((d) => ({ ...d, globalScheme: "nice" })), "globalScheme"],
  ];
  it.each(cases)("%s", (_, text, path) => {
    expect(refusal(text).path).toBe(path);
  });

  it("names the field of a layer", () => {
    const withLayer = (patch: object) =>
      edited((d) => {
        const layers = d.layers as object[];
        return { ...d, layers: [layers[0], { ...layers[1], ...patch }, layers[2]] };
      });
    expect(refusal(withLayer({ weightBits: 7 })).path).toBe("layers.1.weightBits");
    expect(refusal(withLayer({ groupSize: 0 })).path).toBe("layers.1.groupSize");
    expect(refusal(withLayer({ name: "" })).path).toBe("layers.1.name");
    expect(refusal(withLayer({ name: "embedding" })).path).toBe("layers.1.name");
    expect(refusal(withLayer({ bits: 4 })).path).toBe("layers.1.bits");
    expect(refusal(withLayer({ weight: { scale: [1], zeroPoint: [0, 0] } })).path).toBe(
      "layers.1.weight.zeroPoint",
    );
    expect(refusal(withLayer({ weight: { scale: [-1], zeroPoint: [0] } })).path).toBe(
      "layers.1.weight.scale.0",
    );
  });

  it("refuses NaN, infinity and numbers too large for a double", () => {
    for (const value of ["NaN", "Infinity", "1e999", "-1e999"]) {
      refusal(json.replace('"compressionRatio": 7', `"compressionRatio": ${value}`), "json");
      refusal(yaml.replace("compressionRatio: 7", `compressionRatio: ${value}`), "yaml");
    }
    for (const value of [".nan", ".inf", "-.inf"])
      expect(refusal(yaml.replace("compressionRatio: 7", `compressionRatio: ${value}`)).path).toBe(
        "metrics.compressionRatio",
      );
  });

  it("refuses repeated keys in both notations, escaped ones too", () => {
    expect(refusal(json.replace('"target":', '"target": "x", "target":')).message).toContain(
      "occurs twice",
    );
    expect(refusal(json.replace('"target":', '"t\\u0061rget": "x", "target":')).message).toContain(
      "occurs twice",
    );
    expect(refusal(`target: x\n${yaml}`).message).toContain("occurs twice");
    expect(refusal(`"t\\x61rget": x\n${yaml}`).message).toContain("occurs twice");
  });

  it("gives the line of a fault in the text", () => {
    expect(refusal(json.replace('"target":', '"target": "x", "target":')).path).toBe("line 8");
    expect(refusal(`${yaml}\n  - : [`).path).toMatch(/^line \d+$/);
  });

  it("refuses what is no text, and no format", () => {
    for (const value of [undefined, null, 3, {}, []]) refusal(value as unknown as string);
    expect(() => parseQuantizationConfig(json, "toml" as "json")).toThrow(InvalidDocumentError);
  });
});

describe("hostile documents", () => {
  it("pollutes no prototype", () => {
    for (const key of ["__proto__", "constructor", "prototype"]) {
      refusal(json.replace("{", `{"${key}": {"polluted": 1},`));
      refusal(`${key}: {polluted: 1}\n${yaml}`);
      refusal(
        json.replace('"name": "embedding"', `"name": "embedding", "${key}": {"polluted": 1}`),
      );
      refusal(json.replace('"violations": [', `"${key}": {"polluted": 1}, "violations": [`));
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    const named = parseQuantizationConfig(json.replace('"embedding"', '"__proto__"'));
    expect(named.layerConfigs.get("__proto__")?.weightBits).toBe(6);
  });

  const bomb = [
    "a: &a [x, x, x]",
    ...Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*a, *a, *a]`),
  ].join("\n");
  const cases: [name: string, text: string][] = [
    ["aliases", bomb],
    ["one alias", `${yaml}extra: &x 1\nother: *x`],
    ["an anchor", yaml.replace("target: ", "target: &t ")],
    ["a tag", yaml.replace("target: ", "target: !!str ")],
    ["a merge key", `<<: {target: x}\n${yaml}`],
    ["two documents", `${yaml}---\n${yaml}`],
    ["many documents", "---\n".repeat(100_000)],
    ["deep flow lists", `a: ${"[".repeat(100_000)}`],
    ["deep closed flow lists", `a: ${"[".repeat(3000)}${"]".repeat(3000)}`],
    ["deep flow maps", "{a: ".repeat(100_000)],
    ["deep lists in a line", "- ".repeat(100_000)],
    ["deep keys in a line", "? ".repeat(100_000)],
    ["deep flow behind a false quote", `a: b "\n${"c: [".repeat(100_000)}`],
    ["deep flow behind a block scalar", `a: |\n  "\nb: ${"[".repeat(100_000)}`],
    ["deep indentation", Array.from({ length: 1000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    [
      "deep lists by indentation",
      Array.from({ length: 1000 }, (_, i) => `${" ".repeat(2 * i)}-`).join("\n"),
    ],
    ["many anchors", "&a ".repeat(100_000)],
    ["many tags", "!a ".repeat(100_000)],
    ["many keys", Array.from({ length: 100_000 }, (_, i) => `k${i}: 1`).join("\n")],
    ["an endless quote", `a: "${"x\n".repeat(100_000)}`],
    ["too much text", `# ${"x".repeat(5 * 1024 * 1024)}`],
    ["tabs", yaml.replace("\nkind", "\n\tkind")],
    ["control characters", yaml.replace("kind", "ki\u0000nd")],
  ];
  it.each(cases)("survives YAML with %s", (_, text) => {
    const start = performance.now();
    expect(refusal(text, "yaml").code).toBe("INVALID_DOCUMENT");
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("survives deep and long JSON", () => {
    for (const text of [
      "[".repeat(1_000_000),
      `{"a":${"[".repeat(50)}${"]".repeat(50)}}`,
      '{"a":'.repeat(1_000_000),
      `{"a":"${"\\".repeat(100_001)}`,
      `{${'"k":1,'.repeat(100_000)}"k":1}`,
    ])
      expect(refusal(text, "json").code).toBe("INVALID_DOCUMENT");
  });

  it("reads 200 mutated documents, or refuses them with a typed error", () => {
    const random = new Random("mutated documents");
    let refused = 0;
    for (let i = 0; i < 200; i++) {
      const format = i % 2 === 0 ? "json" : "yaml";
      const text = mutated(format === "json" ? json : yaml, random);
      try {
        const back = parseQuantizationConfig(text, format);
        expect(back.layerConfigs.size).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidDocumentError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  it("refuses every truncation of a JSON document and of an archive", () => {
    const archive = archiveToString([genome]);
    for (let end = 0; end < json.length - 2; end += 7) refusal(json.slice(0, end), "json");
    for (let end = 0; end < archive.length - 2; end += 97)
      expect(() => parseArchive(archive.slice(0, end))).toThrow(InvalidDocumentError);
  });
});

/** One to four edits: a character changed, a piece removed, repeated or moved, the end cut off. */
function mutated(text: string, random: Random): string {
  let result = text;
  for (let edits = 1 + random.integer(4); edits > 0; edits--) {
    const at = random.integer(result.length);
    const length = 1 + random.integer(40);
    const piece = result.slice(at, at + length);
    const noise = random.pick([
      "\u0000",
      "{",
      "}",
      "[",
      "]",
      ":",
      "&a ",
      "*a",
      "!t ",
      "- ",
      '"',
      "9".repeat(400),
      "-",
      "é",
    ]);
    result = random.pick([
      () => result.slice(0, at) + noise + result.slice(at + 1),
      () => result.slice(0, at) + result.slice(at + length),
      () => result.slice(0, at) + piece + result.slice(at),
      () => result.slice(at) + result.slice(0, at),
      () => result.slice(0, at + 1),
    ])();
  }
  return result;
}
