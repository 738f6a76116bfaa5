import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GenomeMetrics, QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { foldFront } from "../../src/report/fold-front.js";

const genome = (more: Partial<GenomeMetrics>) =>
  new QuantizationGenome({
    layerConfigs: { a: {} },
    metrics: {
      ...{ accuracy: 0.9, accuracyKind: "measured", accuracyMetric: "top-1" },
      ...{ accuracyMetricValue: 0.9, compressionRatio: 4, sizeBytes: 100, storedBytes: 100 },
      ...{ inferenceLatencyMs: 10, memoryFootprintMb: 1, energyPerInferenceMj: 1 },
      ...{ latencyRelativeError: 0.2, energyRelativeError: 0.3, costKind: "predicted" },
      ...{ fitnessScore: 0.5, violations: {} },
      ...more,
    },
  });

const level = fc.integer({ min: 1, max: 6 });
const drawn = fc
  .record({ accuracy: level, sizeBytes: level, inferenceLatencyMs: level, energy: level })
  .map(({ accuracy, energy, ...rest }) =>
    genome({ ...rest, accuracy: accuracy / 10, energyPerInferenceMj: energy }),
  );

describe("foldFront", () => {
  it("leaves out what is faster only by less than the known error", () => {
    const best = genome({ accuracy: 0.95 });
    const hardlyFaster = genome({ inferenceLatencyMs: 9 });
    const faster = genome({ inferenceLatencyMs: 8 });
    expect(foldFront([hardlyFaster, best, faster])).toEqual([best, faster]);
    const hungry = genome({ accuracy: 0.94, sizeBytes: 50, energyPerInferenceMj: 1.4 });
    expect(foldFront([best, hungry])).toEqual([best, hungry]);
  });

  it("goes by the size of the file where there is one", () => {
    const best = genome({ accuracy: 0.95, fileBytes: 300 });
    const smaller = genome({ sizeBytes: 120, fileBytes: 200, inferenceLatencyMs: 9 });
    expect(foldFront([best, smaller])).toEqual([best, smaller]);
  });

  it("keeps everything that was measured, or that nobody has checked", () => {
    for (const more of [{ costKind: "measured" }, { latencyRelativeError: undefined }] as const) {
      const front = [genome({ accuracy: 0.95, ...more }), genome({ ...more, sizeBytes: 101 })];
      expect(foldFront(front)).toEqual(front);
    }
  });

  it("keeps for each genome one as accurate and as small that costs no more than the error", () => {
    fc.assert(
      fc.property(fc.array(drawn, { minLength: 1, maxLength: 12 }), (front) => {
        const kept = foldFront(front);
        expect(kept).toEqual(front.filter((one) => kept.includes(one)));
        for (const { metrics: one } of front)
          expect(
            kept.some(
              ({ metrics: other }) =>
                other!.accuracy >= one!.accuracy &&
                other!.sizeBytes <= one!.sizeBytes &&
                other!.inferenceLatencyMs <= one!.inferenceLatencyMs * 1.2 &&
                other!.energyPerInferenceMj <= one!.energyPerInferenceMj * 1.3,
            ),
          ).toBe(true);
        expect(foldFront(kept)).toEqual(kept);
      }),
      { seed: 7 },
    );
  });

  it("refuses what was not evaluated", () => {
    const bare = new QuantizationGenome({ layerConfigs: { a: {} } });
    expect(() => foldFront([bare])).toThrow("genomes.0 was not evaluated");
  });
});
