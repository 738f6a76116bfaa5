import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import {
  archiveToString,
  exportToString,
  parseArchive,
  parseQuantizationConfig,
} from "../../src/export.js";
import { defaultLayerSpace } from "../../src/genes/search-space.js";
import {
  LayerQuantConfig,
  type LayerQuantConfigFields,
} from "../../src/genome/layer-quant-config.js";
import { type GenomeMetrics, QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { Random } from "../../src/random/random.js";
import { genomes } from "./arbitraries.js";

const metrics: GenomeMetrics = {
  accuracy: 0.91,
  accuracyKind: "measured",
  accuracyMetric: "top-1",
  accuracyMetricValue: 0.91,
  compressionRatio: 6.5,
  sizeBytes: 1000,
  storedBytes: 1200,
  inferenceLatencyMs: 2,
  memoryFootprintMb: 3,
  energyPerInferenceMj: 4,
  costKind: "predicted",
  fitnessScore: 0.7,
  violations: { targetLatencyMs: 0.1 },
};

describe("layerConfigs", () => {
  it("are a Map or an object, of settings or of their plain fields", () => {
    const plain = new Map<string, LayerQuantConfig | Partial<LayerQuantConfigFields>>([
      ["a", { weightBits: 4, granularity: "per-tensor" }],
      ["b", new LayerQuantConfig({ weightBits: 2 })],
    ]);
    const fromMap = new QuantizationGenome({ layerConfigs: plain, globalScheme: "asymmetric" });
    expect(fromMap.layerConfigs.get("a")).toEqual(
      new LayerQuantConfig({
        ...{ weightBits: 4, granularity: "per-tensor", weightScheme: "asymmetric" },
      } as const),
    );
    const fromObject = new QuantizationGenome({
      layerConfigs: Object.fromEntries(plain),
      globalScheme: "asymmetric",
    });
    expect(fromMap.key).toBe(fromObject.key);
    expect(fromMap.with({ layerConfigs: new Map([["a", { weightBits: 3 }]]) }).averageBits).toBe(3);
    const wrong = new Map([["a", { weight_bits: 4 }]]) as ReadonlyMap<string, object>;
    expect(() => new QuantizationGenome({ layerConfigs: wrong })).toThrow(
      /layerConfigs\.a\.weight_bits: .* \(did you mean weightBits\?\); allowed: /,
    );
  });

  it("cannot be changed, by a cast either", () => {
    const given = new Map([["a", new LayerQuantConfig({ weightBits: 4 })]]);
    const other = new LayerQuantConfig({ weightBits: 8 });
    const first = new QuantizationGenome({ layerConfigs: given });
    const genomes = [
      first,
      first.with({ layerConfigs: first.layerConfigs }),
      first.clone(),
      first.mutate(0),
    ];
    for (const genome of genomes) {
      const { key } = genome;
      const map = genome.layerConfigs as Map<string, LayerQuantConfig>;
      const error = expect.objectContaining({ code: "UNSUPPORTED", path: "layerConfigs" });
      expect(() => map.set("a", other)).toThrow(error);
      expect(() => map.set("b", other)).toThrow(error);
      expect(() => map.delete("a")).toThrow(error);
      expect(() => map.clear()).toThrow(error);
      expect([...map]).toEqual([...given]);
      expect(new QuantizationGenome({ layerConfigs: map }).key).toBe(key);
      expect(structuredClone(map)).toBeInstanceOf(Map);
    }
    // The map that was given is the caller's.
    given.set("a", other);
    expect(first.layerConfigs.get("a")!.weightBits).toBe(4);
  });
});

describe("QuantizationGenome", () => {
  it("takes plain layer settings, which inherit the global scheme", () => {
    const genome = new QuantizationGenome({
      layerConfigs: {
        attention: { weightBits: 8 },
        ffn: { weightBits: 4, weightScheme: "symmetric" },
      },
      globalScheme: "asymmetric",
    });
    expect(genome.layerConfigs.get("attention")?.weightScheme).toBe("asymmetric");
    expect(genome.layerConfigs.get("ffn")?.weightScheme).toBe("symmetric");
    expect([...genome.layerConfigs.keys()]).toEqual(["attention", "ffn"]);
  });

  it("round-trips through toDict, JSON and clone, metrics and counts included", () => {
    fc.assert(
      fc.property(genomes, (bare) => {
        const genome = bare.with({
          metrics,
          parameterCounts: new Map([...bare.layerConfigs.keys()].map((name, i) => [name, i + 1])),
        });
        for (const back of [
          QuantizationGenome.fromDict(genome.toDict()),
          QuantizationGenome.fromDict(JSON.parse(JSON.stringify(genome))),
          genome.clone(),
        ]) {
          expect(back.key).toBe(genome.key);
          expect(back.toDict()).toEqual(genome.toDict());
          expect([...back.layerConfigs.keys()].sort()).toEqual(
            [...genome.layerConfigs.keys()].sort(),
          );
        }
      }),
    );
  });

  it("keeps a frozen copy of its metrics", () => {
    const given = { ...metrics, violations: { minAccuracy: 0.1 } };
    const { metrics: kept } = new QuantizationGenome({ layerConfigs: { a: {} }, metrics: given });
    given.violations.minAccuracy = 7;
    expect(kept).toEqual({ ...metrics, violations: { minAccuracy: 0.1 } });
    for (const part of [kept!, kept!.violations]) expect(Object.isFrozen(part)).toBe(true);
    expect(() => Object.assign(kept!, { accuracy: 1 })).toThrow(TypeError);
  });

  it("shows metrics only once evaluated", () => {
    const bare = new QuantizationGenome({ layerConfigs: { a: {} } });
    expect([
      bare.accuracy,
      bare.compressionRatio,
      bare.inferenceLatencyMs,
      bare.memoryFootprintMb,
      bare.energyPerInferenceMj,
    ]).toEqual(Array(5).fill(undefined));
    expect(bare.fitnessScore).toBe(0);
    const evaluated = bare.with({ metrics });
    expect([
      evaluated.accuracy,
      evaluated.compressionRatio,
      evaluated.inferenceLatencyMs,
      evaluated.memoryFootprintMb,
      evaluated.energyPerInferenceMj,
      evaluated.fitnessScore,
    ]).toEqual([0.91, 6.5, 2, 3, 4, 0.7]);
    expect(evaluated.with({ globalScheme: "asymmetric" }).metrics).toBeUndefined();
  });

  it("averages bits by parameters where all are known, else by layers", () => {
    const layerConfigs = { a: { weightBits: 8 }, b: { weightBits: 4 } } as const;
    expect(new QuantizationGenome({ layerConfigs }).averageBits).toBe(6);
    expect(
      new QuantizationGenome({
        layerConfigs,
        parameterCounts: new Map([
          ["a", 1],
          ["b", 3],
        ]),
      }).averageBits,
    ).toBe(5);
    expect(
      new QuantizationGenome({ layerConfigs, parameterCounts: new Map([["a", 1]]) }).averageBits,
    ).toBe(6);
    expect(
      new QuantizationGenome({
        layerConfigs,
        parameterCounts: new Map([
          ["a", 0],
          ["b", 0],
        ]),
      }).averageBits,
    ).toBe(0);
  });

  it("has one key for settings that quantize alike, and another where they do not", () => {
    const key = (config: object, method: "mse" | "min-max" = "mse") =>
      new QuantizationGenome({
        layerConfigs: { a: new LayerQuantConfig(config) },
        calibrationMethod: method,
      }).key;
    expect(key({ groupSize: 64 })).toBe(key({ groupSize: 32 }));
    expect(key({ granularity: "per-group", groupSize: 64 })).not.toBe(
      key({ granularity: "per-group", groupSize: 32 }),
    );
    expect(key({ calibrationMethod: "mse" })).toBe(key({}));
    expect(key({}, "min-max")).not.toBe(key({}));
    expect(key({ weightBits: 32, weightScheme: "asymmetric" })).toBe(key({ weightBits: 32 }));
    expect(key({ weightBits: 1.58, useSymmetric: false })).toBe(key({ weightBits: 1.58 }));
    expect(key({ weightBits: 1 })).not.toBe(key({ weightBits: 1.58 }));
    expect(key({ weightScheme: "asymmetric", useSymmetric: false })).toBe(
      key({ weightScheme: "asymmetric" }),
    );
    expect(key({ useSymmetric: false })).not.toBe(key({}));
    expect(key({ activationBits: 32, activationScheme: "symmetric" })).toBe(
      key({ activationBits: 32 }),
    );
    expect(key({ activationBits: 16 })).not.toBe(key({}));
    expect(key({ activationScheme: "symmetric" })).not.toBe(key({}));
  });

  it("has one key whatever the order of its layers", () => {
    const two = new LayerQuantConfig({ weightBits: 4 });
    const one = new LayerQuantConfig();
    const genome = new QuantizationGenome({
      layerConfigs: new Map([
        ["2", two],
        ["1", one],
      ]),
    });
    expect(QuantizationGenome.fromDict(genome.toDict()).key).toBe(genome.key);
    expect(new QuantizationGenome({ layerConfigs: { "2": one, "1": two } }).key).not.toBe(
      genome.key,
    );
  });

  it("mutates deterministically, at the rate asked, within the space", () => {
    fc.assert(
      fc.property(genomes, fc.string(), (genome, seed) => {
        expect(genome.mutate(0).key).toBe(genome.key);
        expect(genome.mutate(0.5, { seed }).key).toBe(genome.mutate(0.5, { seed }).key);
        expect(genome.mutate(0.5).key).toBe(genome.mutate(0.5).key);
        const space = {
          layers: new Map([...genome.layerConfigs.keys()].map((name) => [name, defaultLayerSpace])),
          ties: [],
        };
        const child = genome.mutate(1, { random: new Random(seed), space });
        for (const [name, config] of child.layerConfigs)
          expect(config.equals(genome.layerConfigs.get(name) as LayerQuantConfig)).toBe(false);
      }),
    );
    const wide = new QuantizationGenome({
      layerConfigs: Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`l${i}`, {}])),
    });
    const changed = [...wide.mutate(0.2, { seed: 1 }).layerConfigs].filter(
      ([name, config]) => !config.equals(wide.layerConfigs.get(name) as LayerQuantConfig),
    ).length;
    expect(Math.abs(changed / 2000 - 0.2)).toBeLessThan(0.04);
  });

  it.each([-0.1, 1.1, Number.NaN])("refuses a mutation rate of %d", (rate) => {
    expect(() => new QuantizationGenome({ layerConfigs: { a: {} } }).mutate(rate)).toThrow(
      /mutationRate is .* allowed: 0 to 1/,
    );
  });

  it("crosses layer by layer, each from one parent", () => {
    fc.assert(
      fc.property(genomes, fc.string(), (mother, seed) => {
        const father = mother.mutate(1, { seed });
        const child = mother.crossover(father, { seed });
        for (const [name, config] of child.layerConfigs)
          expect([mother.layerConfigs.get(name), father.layerConfigs.get(name)]).toContain(config);
        expect(mother.crossover(father).key).toBe(mother.crossover(father).key);
      }),
    );
    const many = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`l${i}`, { weightBits: 4 as const }]),
    );
    const mother = new QuantizationGenome({ layerConfigs: many });
    const father = mother.mutate(1, { seed: 3 });
    const taken = [...mother.crossover(father).layerConfigs].filter(
      ([name, c]) => c === father.layerConfigs.get(name),
    ).length;
    expect(Math.abs(taken / 1000 - 0.5)).toBeLessThan(0.06);
  });

  it("refuses to cross genomes of different layers", () => {
    const a = new QuantizationGenome({ layerConfigs: { a: {} } });
    expect(() => a.crossover(new QuantizationGenome({ layerConfigs: { b: {} } }))).toThrow(
      /no layer "a"/,
    );
    expect(() => a.crossover(new QuantizationGenome({ layerConfigs: { a: {}, b: {} } }))).toThrow(
      /2 layers/,
    );
  });

  it("treats __proto__ as just a name", () => {
    const genome = new QuantizationGenome({
      layerConfigs: new Map([["__proto__", new LayerQuantConfig({ weightBits: 4 })]]),
    });
    const back = QuantizationGenome.fromDict(JSON.parse(JSON.stringify(genome)));
    expect(back.layerConfigs.get("__proto__")?.weightBits).toBe(4);
    expect(({} as { weightBits?: number }).weightBits).toBeUndefined();
  });

  it.each([
    [{}, "layerConfigs"],
    [{ layerConfigs: {} }, "layerConfigs"],
    [{ layerConfigs: [] }, "layerConfigs"],
    [{ layerConfigs: { "": {} } }, "layerConfigs"],
    [{ layerConfigs: { a: { weightBits: 9 } } }, "layerConfigs.a.weightBits"],
    [{ layerConfigs: { a: 3 } }, "layerConfigs.a"],
    [{ layerConfigs: { a: {} }, globalScheme: "x" }, "globalScheme"],
    [{ layerConfigs: { a: {} }, metrics: { accuracy: "high" } }, "metrics.accuracy"],
    [{ layerConfigs: { a: {} }, other: 1 }, ""],
    [null, ""],
  ])("fromDict refuses %j, naming the place", (data, path) => {
    try {
      QuantizationGenome.fromDict(data);
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect((error as InvalidArgumentError).path).toBe(path);
      return;
    }
    throw new Error("accepted");
  });
});

describe("what is no genome", () => {
  const valid = { layerConfigs: { a: { weightBits: 4 } } } as const;

  it("is refused by the constructor, with the field", () => {
    for (const [fields, path] of [
      [undefined, "fields"],
      [null, "fields"],
      [new Map(), "fields"],
      [{}, "layerConfigs"],
      [{ layerConfigs: null }, "layerConfigs"],
      [{ layerConfigs: "abc" }, "layerConfigs"],
      [{ layerConfigs: [{}] }, "layerConfigs"],
      [{ ...valid, foo: 1 }, "foo"],
      [{ layerConfigs: { a: null } }, "layerConfigs.a"],
      [{ layerConfigs: { a: new Map() } }, "layerConfigs.a"],
    ] as const)
      expect(
        refusalOf(() => new QuantizationGenome(fields as never)),
        path,
      ).toMatchObject({
        code: "INVALID_ARGUMENT",
        path,
      });
    const genome = new QuantizationGenome(valid);
    expect(refusalOf(() => genome.with({ foo: 1 } as never))).toMatchObject({ path: "foo" });
  });

  it("is refused by crossover", () => {
    const genome = new QuantizationGenome(valid);
    for (const other of [undefined, null, "x", {}, { layerConfigs: new Map() }])
      expect(refusalOf(() => genome.crossover(other as never))).toMatchObject({
        code: "INVALID_ARGUMENT",
        path: "other",
      });
  });

  it("is refused by fromDict when its accuracy is none", () => {
    const metrics = {
      accuracy: 1,
      accuracyKind: "measured",
      accuracyMetric: "top-1",
      accuracyMetricValue: 1,
      compressionRatio: 4,
      sizeBytes: 10,
      storedBytes: 10,
      inferenceLatencyMs: 1,
      memoryFootprintMb: 1,
      energyPerInferenceMj: 1,
      costKind: "predicted",
      fitnessScore: 0.5,
      violations: {},
    };
    expect(QuantizationGenome.fromDict({ ...valid, metrics }).accuracy).toBe(1);
    for (const accuracy of [7, 1.001, -0.1, Number.NaN, "1"])
      expect(
        refusalOf(() =>
          QuantizationGenome.fromDict({ ...valid, metrics: { ...metrics, accuracy } }),
        ),
      ).toMatchObject({ code: "INVALID_ARGUMENT", path: "metrics.accuracy" });
    for (const [accuracyInterval, accuracy] of [
      [[0.9, 0.1], 0.5],
      [[0, 0], 0.7],
      [[0.8, 1], 0.7],
    ] as const) {
      const patched = { ...metrics, accuracy, accuracyInterval };
      expect(
        refusalOf(() => QuantizationGenome.fromDict({ ...valid, metrics: patched })),
      ).toMatchObject({
        code: "INVALID_ARGUMENT",
        path: "metrics.accuracyInterval",
      });
      const within = { ...patched, accuracyInterval: [accuracy, 1] };
      const genome = QuantizationGenome.fromDict({ ...valid, metrics: within });
      expect(genome.metrics?.accuracyInterval).toEqual([accuracy, 1]);
      const document = JSON.parse(exportToString(genome));
      document.metrics.accuracyInterval = accuracyInterval;
      expect(refusalOf(() => parseQuantizationConfig(JSON.stringify(document)))).toMatchObject({
        code: "INVALID_DOCUMENT",
        path: "metrics.accuracyInterval",
      });
      const archive = JSON.parse(archiveToString([genome]));
      archive.genomes[0].metrics.accuracyInterval = accuracyInterval;
      expect(refusalOf(() => parseArchive(JSON.stringify(archive)))).toMatchObject({
        code: "INVALID_DOCUMENT",
        path: "genomes.0.metrics.accuracyInterval",
      });
    }
  });
});

function refusalOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
