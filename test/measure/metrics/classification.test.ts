import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../../src/errors.js";
import { binaryClassification } from "../../../src/measure/metrics/binary-classification.js";
import { multiLabel } from "../../../src/measure/metrics/multi-label.js";
import { perplexity } from "../../../src/measure/metrics/perplexity.js";
import { jackknifeError } from "../../../src/measure/metrics/scores/jackknife.js";
import { tokenClassification } from "../../../src/measure/metrics/token-classification.js";
import { topKAccuracy } from "../../../src/measure/metrics/top-k-accuracy.js";
import { topOneAccuracy } from "../../../src/measure/metrics/top-one-accuracy.js";

const output = (values: readonly number[], dims: readonly number[]) => ({
  y: { data: Float32Array.from(values), dims },
});
/** Class scores that name a class for each row. */
const picks = (classes: readonly number[], width: number, dims: readonly number[]) =>
  output(
    classes.flatMap((each) => Array.from({ length: width }, (_, c) => (c === each ? 1 : 0))),
    [...dims, width],
  );
const scored = fc.array(fc.record({ score: fc.integer({ min: 0, max: 9 }), label: fc.nat(1) }), {
  minLength: 2,
  maxLength: 30,
});

/** Every pair of a positive and a negative. */
function slowAuc(rows: readonly { score: number; label: number }[]): number | undefined {
  let wins = 0;
  let pairs = 0;
  for (const a of rows)
    for (const b of rows)
      if (a.label > b.label) {
        pairs++;
        wins += a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0;
      }
  return pairs === 0 ? undefined : wins / pairs;
}

describe("topKAccuracy", () => {
  it("is right where a sort has the label among the first k", () => {
    const row = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 5, maxLength: 5 });
    const sample = fc.record({ row, label: fc.integer({ min: -1, max: 4 }) });
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 6 }),
        (samples, k) => {
          fc.pre(samples.some(({ label }) => label >= 0));
          const outputs = output(
            samples.flatMap(({ row }) => row),
            [samples.length, 5],
          );
          const judged = samples.filter(({ label }) => label >= 0);
          const right = judged.filter(({ row, label }) =>
            [0, 1, 2, 3, 4]
              .sort((a, b) => row[b]! - row[a]!)
              .slice(0, k)
              .includes(label),
          );
          const labels = samples.map(({ label }) => label);
          const found = topKAccuracy(labels, { k }).evaluate(outputs);
          expect(found.score).toBe(right.length / judged.length);
          expect(found.sampleScores).toHaveLength(judged.length);
          if (k === 1) expect(found).toEqual(topOneAccuracy(labels).evaluate(outputs));
        },
      ),
    );
    expect(topKAccuracy([0]).name).toBe("top-5");
    expect(() => topKAccuracy([0], { k: 0 })).toThrow(/k is 0; allowed: an integer from 1/);
  });
});

describe("binaryClassification", () => {
  it("has the AUC of all pairs, which is the mean of its sample scores", () => {
    fc.assert(
      fc.property(scored, (rows) => {
        const wanted = slowAuc(rows);
        fc.pre(wanted !== undefined);
        const labels = rows.map(({ label }) => label);
        const metric = binaryClassification(labels);
        const one = metric.evaluate(
          output(
            rows.map(({ score }) => score),
            [rows.length, 1],
          ),
        );
        expect(one.score).toBeCloseTo(wanted!, 12);
        expect(one.value).toBe(one.score);
        const mean = one.sampleScores!.reduce((a, b) => a + b, 0) / rows.length;
        expect(mean).toBeCloseTo(wanted!, 5);
        // The same by two scores of a softmax.
        const two = metric.evaluate(
          output(
            rows.flatMap(({ score }) => [-score / 2, score / 2]),
            [rows.length, 2],
          ),
        );
        expect(two.score).toBeCloseTo(wanted!, 12);
        const error = jackknifeError(rows.length, (keep) =>
          slowAuc(rows.filter((_, i) => keep(i))),
        );
        expect(one.standardError).toBeCloseTo(Math.min(1, error), 9);
        expect(one.interval![0]).toBeLessThanOrEqual(one.score);
        expect(one.interval![1]).toBeGreaterThanOrEqual(one.score);
      }),
    );
  });

  it("has F1 and accuracy at a threshold, that of probabilities or of logits", () => {
    const labels = [1, 1, 0, 0, 1, -1];
    const of = (measure: "f1" | "accuracy", values: readonly number[], threshold?: number) =>
      binaryClassification(labels, { measure, threshold }).evaluate(output(values, [6])).score;
    // TP 2, FN 1, FP 1.
    const probabilities = [0.9, 0.2, 0.8, 0.1, 0.6, 1];
    expect(of("f1", probabilities)).toBeCloseTo(4 / 6, 12);
    expect(of("accuracy", probabilities)).toBe(0.6);
    expect(of("f1", probabilities, 0.95)).toBe(0);
    const logits = [3, -1, 2, -5, 0.1, 9];
    expect(of("f1", logits)).toBeCloseTo(4 / 6, 12);
    const f1 = binaryClassification(labels, { measure: "f1" }).evaluate(output(logits, [6]));
    expect(f1.sampleScores).toBeUndefined();
    expect(f1.standardError).toBeGreaterThan(0);
  });

  it("refuses what it cannot judge, and knows nothing of a part of one kind", () => {
    expect(() => binaryClassification([1, 1])).toThrow(/all of one kind/);
    expect(() => binaryClassification([0, 1], { measure: "auk" as "auc" })).toThrow(
      InvalidArgumentError,
    );
    const metric = binaryClassification([0, 1, 1]);
    expect(() => metric.evaluate(output([1, 2, 3, 4, 5, 6], [2, 3]))).toThrow(/\[batch, 2\]/);
    expect(() => metric.evaluate(output([1, 2], [2]))).toThrow(/3 labels for 2 scores/);
    const part = metric.evaluate(output([1], [1]), undefined, { partial: true });
    expect(part.score).toBe(0.5);
  });
});

describe("multiLabel", () => {
  it("has the mean over classes, or all decisions together", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), scored, (classes, cells) => {
        const n = Math.floor(cells.length / classes);
        fc.pre(n > 0);
        const rows = cells.slice(0, n * classes);
        const metricOf = (average: "macro" | "micro", measure: "auc" | "f1") =>
          multiLabel(
            rows.map(({ label }) => label),
            { average, measure, threshold: 4 },
          ).evaluate(
            output(
              rows.map(({ score }) => score),
              [n, classes],
            ),
          ).score;
        const columns = Array.from({ length: classes }, (_, c) =>
          rows.filter((_, i) => i % classes === c),
        );
        const mean = (all: readonly (number | undefined)[], none: number) => {
          const found = all.filter((value) => value !== undefined);
          return found.length === 0 ? none : found.reduce((a, b) => a + b, 0) / found.length;
        };
        const f1 = (all: typeof rows) => {
          const right = all.filter(({ score, label }) => score > 4 && label === 1).length;
          const wrong = all.filter(({ score, label }) => score > 4 !== (label === 1)).length;
          return right + wrong === 0 ? undefined : (2 * right) / (2 * right + wrong);
        };
        expect(metricOf("macro", "auc")).toBeCloseTo(mean(columns.map(slowAuc), 0.5), 9);
        expect(metricOf("micro", "auc")).toBeCloseTo(mean([slowAuc(rows)], 0.5), 9);
        expect(metricOf("macro", "f1")).toBeCloseTo(mean(columns.map(f1), 1), 9);
        expect(metricOf("micro", "f1")).toBeCloseTo(mean([f1(rows)], 1), 9);
      }),
    );
  });
});

describe("tokenClassification", () => {
  const tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];

  it("counts tokens that are not outside", () => {
    const outputs = picks([0, 1, 2, 0, 1, 1], 3, [2, 3]);
    const labels = [0, 1, 1, 0, 0, -1];
    // Found 1, 2 and 4; right 1 and 2; both 1.
    const f1 = tokenClassification(labels).evaluate(outputs);
    expect(f1.score).toBeCloseTo(2 / (3 + 2), 12);
    expect(f1.samples).toBe(2);
    const accuracy = tokenClassification(labels, { measure: "accuracy" }).evaluate(outputs);
    expect(accuracy).toMatchObject({ score: 3 / 5, samples: 5 });
    expect(accuracy.sampleScores).toEqual(Float32Array.of(2 / 3, 0.5));
  });

  it("counts entities by span and type, as seqeval does", () => {
    const score = (found: readonly number[], right: readonly number[]) =>
      tokenClassification(right, { tags }).evaluate(picks(found, 5, [1, found.length])).score;
    expect(score([1, 2, 0, 3], [1, 2, 0, 3])).toBe(1);
    // The span of one of two is too short.
    expect(score([1, 0, 0, 3], [1, 2, 0, 3])).toBe(0.5);
    // I-LOC after PER begins an entity, and B-PER after B-PER a second one.
    expect(score([1, 1, 4, 4], [1, 1, 3, 4])).toBe(1);
    expect(score([1, 2, 2, 0], [1, 1, 2, 0])).toBe(0);
    expect(score([0, 0], [0, 0])).toBe(1);
    expect(score([1, 0], [0, 0])).toBe(0);
    expect(() => tokenClassification([0], { tags: ["PER"] })).toThrow(/tags has "PER"/);
    expect(() => tokenClassification([0], { tags: ["O"] }).evaluate(picks([0], 5, [1, 1]))).toThrow(
      /1 tags for 5 classes/,
    );
  });
});

describe("perplexity", () => {
  it("leaves out what the mask does", () => {
    const outputs = output([2, 0, 0, 1, 3, 3], [1, 3, 2]);
    const masked = perplexity([0, 1, 1], { mask: [1, 0, 1] });
    expect(masked.evaluate(outputs)).toEqual(perplexity([0, -1, 1]).evaluate(outputs));
    expect(masked.identity).toBe(perplexity([0, -1, 1]).identity);
    expect(() => perplexity([0, 1], { mask: [1] })).toThrow(/mask has 1 values for 2 targets/);
    expect(() => perplexity([0, 1], { mask: [0, 0] })).toThrow(InvalidArgumentError);
  });
});

describe("jackknifeError", () => {
  it("is the standard error of a mean", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 20 }),
        (values) => {
          const mean = (all: readonly number[]) => all.reduce((a, b) => a + b, 0) / all.length;
          const found = jackknifeError(values.length, (keep) =>
            mean(values.filter((_, i) => keep(i))),
          );
          const squares = values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0);
          const n = values.length;
          expect(found).toBeCloseTo(Math.sqrt(squares / n / (n - 1)), 9);
        },
      ),
    );
    expect(jackknifeError(1, () => 1)).toBe(0);
  });
});
