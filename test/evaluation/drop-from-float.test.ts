import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dropFromFloat } from "../../src/evaluation/drop-from-float.js";
import type { AccuracyEstimate } from "../../src/index.js";
import { Z95 } from "../../src/numeric/confidence.js";

const mean = (scores: readonly number[]) => scores.reduce((a, b) => a + b, 0) / scores.length;

function topOne(marks: readonly number[]): AccuracyEstimate {
  const accuracy = mean(marks);
  const sampleScores = Float32Array.from(marks);
  return {
    kind: "measured",
    accuracy,
    metric: "top-1",
    metricValue: accuracy,
    sampleScores,
    source: "",
  };
}

function perplexity(logs: readonly number[]): AccuracyEstimate {
  const accuracy = Math.exp(mean(logs));
  const sampleScores = Float32Array.from(logs);
  return {
    kind: "measured",
    accuracy,
    metric: "perplexity",
    metricValue: 1 / accuracy,
    sampleScores,
    source: "",
  };
}

const bare = ({ sampleScores: _, ...rest }: AccuracyEstimate): AccuracyEstimate => rest;

describe("dropFromFloat", () => {
  it("is the accuracy lost where the metric is an accuracy", () => {
    expect(dropFromFloat(bare(topOne([1, 0])), bare(topOne([1, 1]))).drop).toBe(0.5);
    expect(dropFromFloat(bare(topOne([1, 1])), bare(topOne([1, 0]))).drop).toBe(-0.5);
  });

  it("is the share of a perplexity: 30.9 is 3% above 30, and 29.1 is 3% below", () => {
    const of = (value: number) => bare(perplexity([-Math.log(value)]));
    expect(dropFromFloat(of(30.9), of(30)).drop).toBeCloseTo(0.03, 12);
    expect(dropFromFloat(of(29.1), of(30)).drop).toBeCloseTo(-0.03, 12);
    expect(dropFromFloat(of(30), of(30)).drop).toBe(0);
  });

  it("takes the side of worse from the accuracy, where more is better as well", () => {
    const of = (accuracy: number, metricValue: number): AccuracyEstimate => ({
      ...bare(topOne([1])),
      accuracy,
      metricValue,
      metric: "decibels",
    });
    expect(dropFromFloat(of(0.8, 36), of(0.9, 40)).drop).toBeCloseTo(0.1, 12);
    // Shares of 0 mean nothing.
    expect(dropFromFloat(of(0.8, 0.2), of(1, 0)).drop).toBeCloseTo(0.2, 12);
  });

  it("has a bound paired by samples: far below that of unpaired accuracies", () => {
    const float = Array.from({ length: 200 }, (_, i) => (i % 10 === 0 ? 0 : 1));
    const genome = float.map((mark, i) => (i === 1 || i === 55 ? 0 : mark));
    const { drop, upperBound } = dropFromFloat(topOne(genome), topOne(float));
    expect(drop).toBeCloseTo(0.01, 12);
    const error = Math.sqrt((0.01 * 0.99) / 199);
    expect(upperBound).toBeCloseTo(0.01 + Z95 * error, 6);
    expect(upperBound).toBeLessThan(0.03);
  });

  it("bounds a perplexity by the error of its logarithm", () => {
    const float = [-3, -3.5, -2.5, -3.2, -2.8];
    const genome = float.map((log, i) => log - 0.02 * (i + 1));
    const { drop, upperBound } = dropFromFloat(perplexity(genome), perplexity(float));
    expect(drop).toBeCloseTo(Math.expm1(0.06), 6);
    // Five samples leave open a difference in one of seven: more than they spread.
    const error = 0.1 / 7;
    expect(upperBound).toBeCloseTo(Math.expm1(0.06 + Z95 * error), 5);
  });

  it("is on the samples of an estimate on part of them", () => {
    expect(dropFromFloat(topOne([1, 0]), topOne([1, 1, 0, 0])).drop).toBe(0.5);
    const part = dropFromFloat(perplexity([-3.1]), perplexity([-3, -9]));
    expect(part.drop).toBeCloseTo(Math.expm1(0.1), 5);
  });

  it("has no bound without scores or an error, and one from the error without scores", () => {
    const [genome, float] = [bare(topOne([1, 0])), bare(topOne([1, 1]))];
    expect(dropFromFloat(genome, float).upperBound).toBeUndefined();
    const known = { ...genome, standardError: 0.1 };
    expect(dropFromFloat(known, float).upperBound).toBeCloseTo(0.5 + Z95 * 0.1, 12);
  });

  it("is finite, its bound never below it, and its sign that of the accuracy lost", () => {
    const marks = fc.array(fc.constantFrom(0, 1), { minLength: 4, maxLength: 30 });
    const logs = fc.array(fc.double({ min: -700, max: 0, noNaN: true }), {
      minLength: 4,
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.tuple(marks, marks).map((pair) => pair.map(topOne)),
          fc.tuple(logs, logs).map((pair) => pair.map(perplexity)),
        ),
        ([a, b]) => {
          const n = Math.min(a!.sampleScores!.length, b!.sampleScores!.length);
          const cut = (of: AccuracyEstimate) => [...of.sampleScores!].slice(0, n);
          const make = a!.metric === "top-1" ? topOne : perplexity;
          const [genome, float] = [make(cut(a!)), make(cut(b!))];
          const { drop, upperBound } = dropFromFloat(genome, float);
          expect(Number.isFinite(drop)).toBe(true);
          expect(upperBound).toBeGreaterThanOrEqual(drop);
          if (genome.accuracy !== float.accuracy)
            expect(Math.sign(drop)).toBe(Math.sign(float.accuracy - genome.accuracy));
        },
      ),
      { seed: 13 },
    );
  });
});
