import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measuredLoss } from "../../../src/engine/budget/measured-loss.js";
import { isClearlyBetter } from "../../../src/engine/budget/paired-difference.js";
import { significantFront } from "../../../src/engine/budget/significant-front.js";
import { QuantizationGenome } from "../../../src/index.js";

describe("measuredLoss", () => {
  it("is the loss of an estimate against the float32 model on the samples that it has", () => {
    const of = (scores: number[]) => ({
      kind: "measured" as const,
      accuracy: scores.reduce((a, b) => a + b) / scores.length,
      metric: "top-1",
      metricValue: 0,
      sampleScores: Float32Array.from(scores),
      source: "",
    });
    // The second half, where the float32 model is wrong, is not looked at.
    expect(measuredLoss(of([1, 0, 1]), of([1, 1, 1, 0, 0, 0])).loss).toBeCloseTo(1 / 3, 12);
    const { sampleScores: _, ...bare } = of([1, 0, 1]);
    expect(measuredLoss(bare, of([1, 1])).loss).toBeCloseTo(1 / 3, 12);
  });
});

/** A genome of a size whose samples are right as said. */
function genome(
  name: string,
  sizeBytes: number,
  scores: Float32Array,
): [QuantizationGenome, Float32Array] {
  const accuracy = scores.reduce((a, b) => a + b, 0) / scores.length;
  const made = new QuantizationGenome({
    layerConfigs: { [name]: {} },
    metrics: {
      accuracy,
      accuracyKind: "measured",
      accuracyMetric: "top-1",
      accuracyMetricValue: accuracy,
      compressionRatio: 1,
      sizeBytes,
      storedBytes: sizeBytes,
      inferenceLatencyMs: 1,
      memoryFootprintMb: 1,
      energyPerInferenceMj: 1,
      costKind: "predicted",
      fitnessScore: 0,
      violations: {},
    },
  });
  return [made, scores];
}
const firstRight = (right: number, n = 400) =>
  Float32Array.from({ length: n }, (_, i) => (i < right ? 1 : 0));
const front = (entries: readonly [QuantizationGenome, Float32Array][], order = entries) => {
  const known = new Map(entries.map(([one, scores]) => [one.key, scores]));
  return significantFront(
    order.map(([one]) => one),
    { scoresOf: (one) => known.get(one.key) },
  ).map((one) => one.metrics!.sizeBytes);
};

describe("significantFront", () => {
  it("drops what is more accurate by chance only, and keeps what clearly is", () => {
    // 1 sample of 400 more is a tie; 20 more are not.
    expect(front([genome("a", 100, firstRight(300)), genome("b", 110, firstRight(301))])).toEqual([
      100,
    ]);
    expect(front([genome("a", 100, firstRight(300)), genome("b", 110, firstRight(320))])).toEqual([
      110, 100,
    ]);
  });

  it("does not let small steps add up to a loss: the comparison is with what stayed", () => {
    const steps = [300, 301, 302, 303, 304, 305, 306, 307, 308].map((right, i) =>
      genome(`step ${i}`, 100 + i, firstRight(right)),
    );
    const kept = front(steps);
    expect(kept[0]).toBeGreaterThan(100);
    expect(kept.at(-1)).toBe(100);
  });

  it("does not depend on the order of the genomes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 400 })), { maxLength: 8 }),
        (list) => {
          const entries = list.map(([size, right], i) =>
            genome(`g${i}`, 100 + size, firstRight(right)),
          );
          expect(front(entries, entries.toReversed())).toEqual(front(entries));
        },
      ),
    );
  });

  it("compares by accuracy where samples have no scores", () => {
    const [a, b] = [genome("a", 100, firstRight(300)), genome("b", 110, firstRight(301))];
    expect(significantFront([a[0], b[0]], { scoresOf: () => undefined })).toHaveLength(2);
    expect(isClearlyBetter(b[0], a[0], { scoresOf: () => undefined })).toBe(false);
  });
});
