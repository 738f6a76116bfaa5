import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DOCUMENT_LIMITS } from "../../src/check/document-limits.js";
import { listOf } from "../../src/check/list-of.js";
import { readJson } from "../../src/check/read-json.js";
import { readCheckpoint } from "../../src/engine/checkpoint/checkpoint-lines.js";
import { QuantevoError } from "../../src/errors.js";
import { parseArchive, parseQuantizationConfig } from "../../src/export.js";
import { loadHardwareProfile } from "../../src/hardware/profile/load-hardware-profile.js";
import { parseMeasurementTable } from "../../src/hardware/table/latency-measurement.js";
import { parseLatencyTable } from "../../src/hardware/table/latency-table.js";
import { fingerprint } from "../../src/numeric/fingerprint.js";

function refusal(action: () => unknown): QuantevoError {
  try {
    action();
  } catch (error) {
    if (error instanceof QuantevoError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

/** Everything that is read from JSON text. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  config: (text) => parseQuantizationConfig(text, "json"),
  archive: parseArchive,
  "latency table": parseLatencyTable,
  "measurement table": parseMeasurementTable,
  "hardware profile": loadHardwareProfile,
  checkpoint: (json) => readCheckpoint(`{"sum":"${fingerprint(json)}",${json.slice(1)}\n`),
};

describe.each(Object.entries(READERS))("the text of a %s", (_, read) => {
  const message = (text: string) => refusal(() => read(text)).message;

  it("may not say a key twice, nor nest deep", () => {
    expect(message('{"a": 1, "\\u0061": 2}')).toMatch(/key "a" occurs twice in one object/);
    expect(message(`{"a": ${"[".repeat(40)}${"]".repeat(40)}}`)).toMatch(/nest too deep/);
  });

  it("is refused without building what it asks for, when that is much", () => {
    const many = "0,".repeat(DOCUMENT_LIMITS.jsonValues);
    expect(message(`{"a":[${many}0]}`)).toMatch(/has \d+ (values|characters)/);
  });
});

describe("readJson", () => {
  it("skips a byte order mark", () => {
    expect(readJson('\uFEFF{"a": "\uFEFF"}')).toEqual({ a: "\uFEFF" });
  });

  it("counts values, and not what stands in texts", () => {
    const { jsonValues } = DOCUMENT_LIMITS;
    for (const item of ["0", "{}", '{"a":0}', "[]"])
      expect(refusal(() => readJson(`[${`${item},`.repeat(jsonValues)}0]`)).message).toBe(
        "the document has 5000001 values; allowed: at most 5000000",
      );
    const text = JSON.stringify(",[{".repeat(jsonValues / 2));
    expect(readJson(text)).toHaveLength((3 * jsonValues) / 2);
  });
});

describe("listOf", () => {
  const schema = z.strictObject({ list: listOf(z.strictObject({ a: z.int() }), { max: 3 }) });
  const issues = (data: unknown) =>
    schema.safeParse(data).error?.issues.map(({ code, path }) => [code, path.join(".")]);

  it("gives the items", () => {
    expect(schema.parse({ list: [{ a: 1 }, { a: 2 }] })).toEqual({ list: [{ a: 1 }, { a: 2 }] });
  });

  it("names the first fault alone", () => {
    expect(issues({ list: [{ a: 1 }, { a: "x" }, 0] })).toEqual([["invalid_type", "list.1.a"]]);
    expect(issues({ list: Array(1_000_000).fill(0) })).toEqual([["too_big", "list"]]);
    expect(issues({ list: 7 })).toEqual([["invalid_type", "list"]]);
    expect(issues({})).toEqual([["invalid_type", "list"]]);
  });

  it("keeps the texts of zeros in documents cheap", () => {
    const zeros = "0,".repeat(1_000_000);
    const document = (kind: string, field: string) =>
      JSON.stringify({ schemaVersion: 1, kind, [field]: ["zeros"] }).replace(
        '"zeros"',
        `${zeros}0`,
      );
    const before = process.memoryUsage().heapUsed;
    expect(refusal(() => parseArchive(document("quantization-archive", "genomes"))).path).toBe(
      "genomes.0",
    );
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(300e6);
  });
});

describe("a measurement table", () => {
  it("may not ask for settings of millions of layers", () => {
    const layer = { kind: "gemm", parameterCount: 1, macs: 1, inputShape: [1], outputShape: [1] };
    const layers = Array.from({ length: 1000 }, (_, i) => ({ ...layer, name: `l${i}` }));
    const row = { model: "m", settings: {}, latencyMs: 1 };
    const table = {
      schemaVersion: 1,
      device: "d",
      runtime: "r",
      models: [{ name: "m", layers }],
      measurements: Array(501).fill(row),
    };
    expect(refusal(() => parseMeasurementTable(JSON.stringify(table)))).toMatchObject({
      path: "measurements.500",
      message: expect.stringContaining("more layers in all than allowed: 500000"),
    });
  });
});
