import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { archiveToString, mergeArchives, parseArchive } from "../../src/export.js";
import {
  type EvolutionResult,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
  type QuantizationGenome,
} from "../../src/index.js";
import { dominates } from "../../src/pareto/index.js";
import { formulaEvaluator, TINY_LAYERS as LAYERS } from "../engine/fakes.js";

const run = (
  seed: number,
  config: QuantizationEvolutionConfig = {},
  layers = LAYERS,
): Promise<EvolutionResult> =>
  new QuantizationEvolutionEngine(
    { populationSize: 8, maxGenerations: 3, hardwareTarget: "intel-vnni", seed, ...config },
    { evaluator: formulaEvaluator() },
  ).runEvolution(layers);
const vector = (g: QuantizationGenome) => [
  1 - g.accuracy!,
  g.metrics!.sizeBytes,
  g.inferenceLatencyMs!,
  g.energyPerInferenceMj!,
];

describe("mergeArchives", () => {
  it("keeps what no genome of any archive dominates, whatever the order", async () => {
    const results = [await run(1), await run(2), await run(3)];
    const merged = mergeArchives(results);
    const everyone = results.flatMap(({ paretoFront }) => paretoFront);
    for (const genome of merged.paretoFront)
      expect(everyone.some((other) => dominates(vector(other), vector(genome)))).toBe(false);
    for (const genome of everyone)
      expect(
        merged.paretoFront.some((other) => vector(other).every((v, k) => v <= vector(genome)[k]!)),
      ).toBe(true);
    const text = archiveToString(merged);
    fc.assert(
      fc.property(fc.shuffledSubarray(results, { minLength: 3 }), (order) => {
        expect(archiveToString(mergeArchives(order))).toBe(text);
      }),
    );
    expect(merged).toMatchObject({ target: "intel-vnni", feasible: true });
    // Documents and lists as well as results; merging twice changes nothing.
    const documents = results.map((result) => parseArchive(archiveToString(result)));
    expect(archiveToString(mergeArchives(documents))).toBe(text);
    expect(archiveToString(mergeArchives([merged, results[0]!]))).toBe(text);
    expect(mergeArchives(results, { archiveLimit: 2 }).paretoFront.length).toBeLessThanOrEqual(2);
  });

  it("with a limit, and of equals of other fitness, keeps the same genomes in any order", async () => {
    const results = [await run(1), await run(2), await run(3)];
    const other = results[0]!.paretoFront.map((g) =>
      g.with({ metrics: { ...g.metrics!, fitnessScore: 0.5 } }),
    );
    const archives = [...results.flatMap(({ paretoFront }) => paretoFront), ...other].map((g) => [
      g,
    ]);
    for (const archiveLimit of [3, 5, undefined]) {
      const text = archiveToString(mergeArchives(archives, { archiveLimit }));
      fc.assert(
        fc.property(fc.shuffledSubarray(archives, { minLength: archives.length }), (order) => {
          expect(archiveToString(mergeArchives(order, { archiveLimit }))).toBe(text);
        }),
        { numRuns: 20 },
      );
    }
  });

  it("puts feasible genomes before all others", async () => {
    const hopeless = await run(1, { targetLatencyMs: 1e-9 });
    const good = await run(2);
    expect(archiveToString(mergeArchives([hopeless, good]))).toBe(
      archiveToString(mergeArchives([good])),
    );
    expect(mergeArchives([hopeless])).toMatchObject({ feasible: false });
  });

  it("refuses what cannot be compared", async () => {
    const result = await run(1);
    const measured = result.paretoFront;
    const changed = (patch: object) =>
      measured.map((g) => g.with({ metrics: { ...g.metrics!, ...patch } }));
    for (const [other, path] of [
      [await run(1, { hardwareTarget: "arm-dot" }), "archives.1.target"],
      [{ ...result, evaluatorIdentity: "other data" }, "archives.1.evaluatorIdentity"],
      [
        parseArchive(archiveToString({ ...result, evaluatorIdentity: "other data" })),
        "archives.1.evaluatorIdentity",
      ],
      [
        mergeArchives([{ ...result, evaluatorIdentity: "other data" }]),
        "archives.1.evaluatorIdentity",
      ],
      [changed({ accuracyKind: "predicted" }), "archives.1.0.metrics.accuracyKind"],
      [
        { paretoFront: changed({ accuracyMetric: "perplexity" }) },
        "archives.1.paretoFront.0.metrics.accuracyMetric",
      ],
      [(await run(1, {}, LAYERS.slice(1))).paretoFront, "archives.1.0.layerConfigs"],
      [[measured[0]!.with({})], "archives.1.0.metrics"],
      [[{}], "archives.1.0"],
      [{}, "archives.1.paretoFront"],
      [7, "archives.1"],
    ] as const)
      expect(() => mergeArchives([result, other as never]), path).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", path }),
      );
    // The check outlives documents on either side.
    const document = parseArchive(archiveToString(result));
    expect(() => mergeArchives([document, { ...result, evaluatorIdentity: "other data" }])).toThrow(
      "evaluatorIdentity",
    );
    for (const [options, path] of [
      [{ archiveLimit: 0 }, "archiveLimit"],
      [{ archiveLimit: "2" }, "archiveLimit"],
      [{ foo: 1 }, "foo"],
    ] as const)
      expect(() => mergeArchives([result], options as never)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", path }),
      );
    expect(() => mergeArchives([])).toThrow("archives is an empty list");
    expect(() => mergeArchives(result as never)).toThrow("archives is an object");
  });
});
