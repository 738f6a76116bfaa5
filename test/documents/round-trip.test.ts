import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import {
  archiveToString,
  exportToString,
  parseArchive,
  parseQuantizationConfig,
  parseQuantizationDocument,
} from "../../src/export.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { genomes } from "../genome/arbitraries.js";
import { documents } from "./arbitraries.js";

describe("exportToString and back", () => {
  for (const format of ["json", "yaml"] as const)
    it(`loses nothing in ${format}, whatever the names`, () => {
      fc.assert(
        fc.property(documents, fc.boolean(), ({ genome, context }, named) => {
          const text = exportToString(genome, format, context);
          const back = parseQuantizationDocument(text, named ? format : undefined);
          expect(back.genome.key).toBe(genome.key);
          expect([...back.genome.layerConfigs]).toEqual([...genome.layerConfigs]);
          expect(back.genome.globalScheme).toBe(genome.globalScheme);
          expect(back.genome.calibrationMethod).toBe(genome.calibrationMethod);
          expect(back.genome.metrics).toEqual(genome.metrics);
          expect(back.genome.parameterCounts).toEqual(genome.parameterCounts);
          expect(back.target).toBe(context.target);
          expect(back.model).toBe(context.model);
          expect(back.notes).toEqual(context.notes);
          expect([...back.calibrated]).toEqual([...context.calibrated]);
          expect(exportToString(back.genome, format, back)).toBe(text);
        }),
        { numRuns: 150 },
      );
    });

  it("reads as plain JSON that other programs understand", () => {
    const genome = new QuantizationGenome({ layerConfigs: { conv1: { weightBits: 4 } } });
    const scale = new Float32Array([0.5, 0.25]);
    const text = exportToString(genome, "json", {
      target: "arm-neon",
      calibrated: new Map([["conv1", { weight: { scale, zeroPoint: new Int32Array([0, 0]) } }]]),
    });
    expect(JSON.parse(text)).toEqual({
      schemaVersion: 1,
      kind: "quantization-config",
      generator: { name: "quantevo", version: expect.any(String) },
      target: "arm-neon",
      globalScheme: "symmetric",
      calibrationMethod: "mse",
      layers: [
        {
          name: "conv1",
          weightBits: 4,
          activationBits: 8,
          weightScheme: "symmetric",
          activationScheme: "asymmetric",
          granularity: "per-channel",
          groupSize: 32,
          useSymmetric: true,
          weight: { scale: [0.5, 0.25], zeroPoint: [0, 0] },
        },
      ],
    });
  });

  it("quotes text in YAML, so that readers of YAML 1.1 take no name for a boolean", () => {
    const genome = new QuantizationGenome({ layerConfigs: { yes: {}, "1e3": {} } });
    expect(exportToString(genome, "yaml")).toContain('name: "yes"');
    expect(exportToString(genome, "yaml")).toContain('name: "1e3"');
  });

  it("accepts a byte order mark, CRLF and hand-written YAML", () => {
    const text = [
      "\uFEFF# by hand",
      "schemaVersion: 1",
      "kind: quantization-config",
      "globalScheme: symmetric",
      "calibrationMethod: mse",
      "layers:",
      "- {name: 'a', weightBits: 1.58, activationBits: 8, weightScheme: symmetric,",
      "   activationScheme: asymmetric, granularity: per-tensor, groupSize: 32, " +
        "useSymmetric: true}",
    ].join("\r\n");
    expect(parseQuantizationConfig(text).layerConfigs.get("a")?.weightBits).toBe(1.58);
  });

  it("refuses what could not be read back", () => {
    const genome = new QuantizationGenome({ layerConfigs: { a: {} } });
    const calibrated = (scale: number) => new Map([["a", { activation: { scale, zeroPoint: 0 } }]]);
    for (const scale of [Number.NaN, Number.POSITIVE_INFINITY, 0, -1])
      expect(() => exportToString(genome, "json", { calibrated: calibrated(scale) })).toThrow(
        expect.objectContaining({ path: "layers.0.activation.scale" }),
      );
    expect(() => exportToString(genome, "xml" as "json")).toThrow(InvalidArgumentError);
    const many = new Float32Array(30_000).fill(0.5);
    const large = {
      calibrated: new Map([["a", { weight: { scale: many, zeroPoint: new Int32Array(30_000) } }]]),
    };
    expect(() => exportToString(genome, "yaml", large)).toThrow(
      expect.objectContaining({ path: "format" }),
    );
    expect(parseQuantizationConfig(exportToString(genome, "json", large)).key).toBe(genome.key);
    // As long as YAML may be: what is written is read.
    const half = {
      calibrated: new Map([
        ["a", { weight: { scale: many.slice(0, 24_950), zeroPoint: new Int32Array(24_950) } }],
      ]),
    };
    expect(parseQuantizationConfig(exportToString(genome, "yaml", half)).key).toBe(genome.key);
  });
});

describe("archiveToString", () => {
  it("gives the same bytes for equal archives in any order, and reads back", () => {
    fc.assert(
      fc.property(fc.uniqueArray(genomes, { selector: (g) => g.key, maxLength: 5 }), (front) => {
        const text = archiveToString(front);
        expect(archiveToString({ paretoFront: front.toReversed() })).toBe(text);
        const keys = parseArchive(text).genomes.map((genome) => genome.key);
        expect(keys).toEqual(front.map((genome) => genome.key).sort());
      }),
      { numRuns: 50 },
    );
  });

  it("keeps target, evaluator, seed and notes", () => {
    const said = { target: "arm-dot", evaluatorIdentity: "my data", seed: "s", notes: ["n"] };
    const text = archiveToString({ paretoFront: [], ...said });
    expect(parseArchive(text)).toEqual({ genomes: [], ...said });
  });

  it("writes what parseArchive read, to the same bytes", () => {
    const genome = new QuantizationGenome({ layerConfigs: { a: {} } });
    const text = archiveToString({
      paretoFront: [genome],
      target: "arm-dot",
      seed: 3,
      notes: ["n"],
    });
    expect(archiveToString(parseArchive(text))).toBe(text);
    expect(() => archiveToString({ genomes: [1] } as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path: "genomes.0" }),
    );
  });
});
