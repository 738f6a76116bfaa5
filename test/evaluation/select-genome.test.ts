import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SelectGenomeOptions } from "../../src/evaluation/select-genome.js";
import { type GenomeMetrics, QuantizationGenome, selectGenome } from "../../src/index.js";

const METRICS: GenomeMetrics = {
  accuracy: 0.9,
  accuracyKind: "measured",
  accuracyMetric: "top-1",
  accuracyMetricValue: 0.9,
  accuracyDrop: 0.01,
  compressionRatio: 4,
  sizeBytes: 100,
  storedBytes: 100,
  inferenceLatencyMs: 1,
  memoryFootprintMb: 1,
  energyPerInferenceMj: 1,
  costKind: "predicted",
  fitnessScore: 0.5,
  violations: {},
};

function genome(groupSize: number, metrics: Partial<GenomeMetrics>): QuantizationGenome {
  return new QuantizationGenome({
    layerConfigs: { a: { granularity: "per-group", groupSize } },
    metrics: { ...METRICS, ...metrics },
  });
}

/** Few values, so that many genomes are equal in some figure. */
const figure = fc.integer({ min: 1, max: 4 });
const metrics = fc
  .record({
    accuracy: figure.map((n) => n / 4),
    width: figure.map((n) => n / 10),
    drop: figure.map((n) => n / 100),
    bound: fc.option(figure.map((n) => n / 50)),
    size: figure,
    file: fc.option(figure),
    ms: figure,
    mb: figure,
    mj: figure,
    fitness: figure.map((n) => n / 4),
  })
  .map(
    (m): Partial<GenomeMetrics> => ({
      accuracy: m.accuracy,
      accuracyInterval: [Math.max(0, m.accuracy - m.width), 1],
      accuracyDrop: m.drop,
      ...(m.bound !== null && { accuracyDropUpperBound: m.bound }),
      sizeBytes: m.size,
      ...(m.file !== null && { fileBytes: m.file }),
      inferenceLatencyMs: m.ms,
      memoryFootprintMb: m.mb,
      energyPerInferenceMj: m.mj,
      fitnessScore: m.fitness,
    }),
  );
const fronts = fc
  .array(metrics, { maxLength: 12 })
  .map((list) => list.map((each, i) => genome(i + 1, each)));
const limit = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const options: fc.Arbitrary<SelectGenomeOptions> = fc.record({
  prefer: fc.constantFrom("smallest", "fastest", "most-accurate", "fittest", undefined),
  accuracyLimitOn: fc.constantFrom("estimate", "lower-bound", undefined),
  maxAccuracyDrop: limit(fc.constantFrom(0, 0.01, 0.02, 0.03, 0.05)),
  minAccuracy: limit(fc.constantFrom(0.2, 0.5, 0.75)),
  targetLatencyMs: limit(figure),
  targetMemoryMb: limit(figure),
  targetEnergyMj: limit(figure),
});

function keeps(one: QuantizationGenome, asked: SelectGenomeOptions): boolean {
  const m = one.metrics!;
  const bound = asked.accuracyLimitOn === "lower-bound";
  const accuracy = bound ? m.accuracyInterval![0] : m.accuracy;
  const drop = bound ? (m.accuracyDropUpperBound ?? m.accuracyDrop!) : m.accuracyDrop!;
  return (
    accuracy >= (asked.minAccuracy ?? 0) &&
    drop <= (asked.maxAccuracyDrop ?? 1) &&
    m.inferenceLatencyMs <= (asked.targetLatencyMs ?? 9) &&
    m.memoryFootprintMb <= (asked.targetMemoryMb ?? 9) &&
    m.energyPerInferenceMj <= (asked.targetEnergyMj ?? 9)
  );
}

/** Smaller is preferred. */
function figureOf(one: QuantizationGenome, { prefer }: SelectGenomeOptions): number {
  const m = one.metrics!;
  if (prefer === "smallest") return m.fileBytes ?? m.sizeBytes;
  if (prefer === "fastest") return m.inferenceLatencyMs;
  return prefer === "most-accurate" ? -m.accuracy : -m.fitnessScore;
}

describe("selectGenome", () => {
  it("keeps to every limit, and is the best that does: as brute force finds", () => {
    fc.assert(
      fc.property(fronts, options, (front, asked) => {
        const found = selectGenome(front, asked);
        const kept = front.filter((one) => keeps(one, asked));
        expect(found === undefined).toBe(kept.length === 0);
        if (found === undefined) return;
        expect(kept).toContain(found);
        const figures = kept.map((one) => figureOf(one, asked));
        expect(figureOf(found, asked)).toBe(Math.min(...figures));
        // Of equals the more accurate, where accuracy is not what is preferred.
        const equals = kept.filter((one) => figureOf(one, asked) === figureOf(found, asked));
        expect(found.accuracy).toBe(Math.max(...equals.map((one) => one.accuracy!)));
      }),
      { numRuns: 500 },
    );
  });

  it("does not depend on the order of the front", () => {
    fc.assert(
      fc.property(fronts, options, (front, asked) => {
        expect(selectGenome(front.toReversed(), asked)).toBe(selectGenome(front, asked));
      }),
    );
  });

  it("is the fittest without options, and of an empty front none", () => {
    const [a, b] = [genome(1, { fitnessScore: 0.2 }), genome(2, { fitnessScore: 0.7 })];
    expect(selectGenome([a, b])).toBe(b);
    expect(selectGenome([])).toBeUndefined();
  });

  it("refuses what is no option, preference, limit or evaluated genome", () => {
    const front = [genome(1, {})];
    const refused = (asked: unknown, path: string, genomes: unknown = front) =>
      expect(() => selectGenome(genomes as never, asked as never)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", path }),
      );
    refused({ prefer: "best" }, "prefer");
    refused({ within: 1 }, "within");
    refused({ accuracyLimitOn: "upper" }, "accuracyLimitOn");
    refused({ maxAccuracyDrop: -0.1 }, "maxAccuracyDrop");
    refused({}, "front", {});
    refused({}, "front.0", [new QuantizationGenome({ layerConfigs: { a: {} } })]);
    const { accuracyDrop: _, ...unknown } = METRICS;
    const bare = new QuantizationGenome({ layerConfigs: { a: {} }, metrics: unknown });
    refused({ maxAccuracyDrop: 0.1 }, "front.0.metrics.accuracyDrop", [bare]);
    expect(selectGenome([bare], { minAccuracy: 0.9 })).toBe(bare);
  });
});
