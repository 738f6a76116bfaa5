import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EvaluationError, InvalidArgumentError, InvalidDataError } from "../../../src/errors.js";
import { outputAgreement } from "../../../src/measure/metrics/output-agreement.js";
import { outputDivergence } from "../../../src/measure/metrics/output-divergence.js";
import { perplexity } from "../../../src/measure/metrics/perplexity.js";
import { logProbabilityResult } from "../../../src/measure/metrics/scores/log-probability-result.js";
import { topOneAccuracy } from "../../../src/measure/metrics/top-one-accuracy.js";

const output = (rows: readonly (readonly number[])[], dims?: readonly number[]) => ({
  y: { data: Float32Array.from(rows.flat()), dims: dims ?? [rows.length, rows[0]?.length ?? 0] },
});

describe("topOneAccuracy", () => {
  it("counts the rows whose greatest score is at the label, the first of equals", () => {
    const outputs = output([
      [0.1, 0.9, 0],
      [5, 5, 1],
      [-3, -2, -1],
    ]);
    expect(topOneAccuracy([1, 0, 0]).evaluate(outputs)).toMatchObject({
      score: 2 / 3,
      value: 2 / 3,
      samples: 3,
      sampleScores: Float32Array.of(1, 1, 0),
    });
    expect(topOneAccuracy([1, 1, -1]).evaluate(outputs)).toMatchObject({
      score: 0.5,
      value: 0.5,
      samples: 2,
      sampleScores: Float32Array.of(1, 0),
    });
    expect(topOneAccuracy(BigInt64Array.from([1n, 0n, 2n])).evaluate(outputs).score).toBe(1);
  });

  it("passes over extents of 1 at the end, and takes several rows a sample", () => {
    expect(
      topOneAccuracy([1, 0]).evaluate(
        output(
          [
            [0, 1],
            [1, 0],
          ],
          [2, 2, 1, 1],
        ),
      ).score,
    ).toBe(1);
    expect(
      topOneAccuracy([1, 0, 1, 1]).evaluate(
        output(
          [
            [0, 1],
            [1, 0],
            [0, 1],
            [1, 0],
          ],
          [2, 2, 2],
        ),
      ).score,
    ).toBe(0.75);
  });

  it("judges the output that is named", () => {
    const outputs = { ...output([[0, 1]]), other: { data: Float32Array.of(1, 0), dims: [1, 2] } };
    expect(topOneAccuracy([0]).evaluate(outputs).score).toBe(0);
    expect(topOneAccuracy([0], { output: "other" }).evaluate(outputs).score).toBe(1);
    expect(() => topOneAccuracy([0], { output: "constructor" }).evaluate(outputs)).toThrow(
      /"constructor".*"y", "other"/,
    );
  });

  it("refuses labels and outputs that do not fit", () => {
    expect(() => topOneAccuracy([])).toThrow(InvalidArgumentError);
    expect(() => topOneAccuracy([-1])).toThrow(InvalidArgumentError);
    expect(() => topOneAccuracy([0.5])).toThrow(InvalidDataError);
    expect(() => topOneAccuracy([0, 0]).evaluate(output([[0, 1]]))).toThrow(/2 labels for 1 rows/);
    expect(() => topOneAccuracy([2]).evaluate(output([[0, 1]]))).toThrow(/labels\[0\] is 2/);
    expect(() => topOneAccuracy([0]).evaluate(output([[0]]))).toThrow(EvaluationError);
    const integers = { y: { data: BigInt64Array.of(0n, 1n), dims: [1, 2] } };
    expect(() => topOneAccuracy([0]).evaluate(integers)).toThrow(EvaluationError);
  });

  it("has an identity that depends on the labels", () => {
    expect(topOneAccuracy([0, 1]).identity).toBe(topOneAccuracy([0, 1]).identity);
    expect(topOneAccuracy([0, 1]).identity).not.toBe(topOneAccuracy([1, 0]).identity);
  });
});

describe("perplexity", () => {
  it("is e to the mean cross-entropy, against a plain softmax", () => {
    const row = fc.array(fc.float({ min: -20, max: 20, noNaN: true }), {
      minLength: 4,
      maxLength: 4,
    });
    const sample = fc.record({
      rows: fc.array(row, { minLength: 1, maxLength: 6 }),
      pick: fc.nat(1000),
    });
    fc.assert(
      fc.property(sample, ({ rows, pick }) => {
        const targets = rows.map((_, i) => (pick + i) % 4);
        let product = 1;
        rows.forEach((scores, i) => {
          const exps = scores.map((v) => Math.exp(v));
          product *= (exps[targets[i]!] as number) / exps.reduce((a, b) => a + b, 0);
        });
        const found = perplexity(targets).evaluate(output(rows));
        expect(found.score / product ** (1 / rows.length)).toBeCloseTo(1, 9);
        expect(found.value * found.score).toBeCloseTo(1, 9);
        expect(found.samples).toBe(rows.length);
      }),
    );
  });

  it("leaves out negative targets and stands great logits", () => {
    const outputs = output([
      [1000, 0],
      [0, 1000],
      [0, 0],
    ]);
    expect(perplexity([0, -1, 1]).evaluate(outputs)).toMatchObject({
      score: expect.closeTo(Math.SQRT1_2, 12),
      value: expect.closeTo(Math.SQRT2, 12),
      samples: 2,
      sampleScores: Float32Array.of(0, -Math.LN2),
    });
    const ruined = perplexity([1, 0, 0]).evaluate(outputs);
    expect(ruined.score).toBeGreaterThanOrEqual(0);
    expect(Number.isFinite(ruined.value)).toBe(true);
    // A sample of one ruined token beside one of 999 good ones.
    const rows = Float64Array.from({ length: 1000 }, (_, i) => (i === 0 ? -1000 : 0));
    expect(logProbabilityResult(rows, Float32Array.of(-1000, 0))).toMatchObject({
      score: expect.closeTo(Math.exp(-1), 12),
      standardError: 1,
    });
    expect(() => perplexity([0, 0])).not.toThrow();
    expect(() => perplexity([0, 0]).evaluate(outputs)).toThrow(/2 targets for 3 rows/);
  });
});

/** Rows of logits with rows of others, equally many classes. */
const logitPairs = fc.integer({ min: 2, max: 5 }).chain((classes) => {
  const row = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), {
    minLength: classes,
    maxLength: classes,
  });
  return fc.array(fc.tuple(row, row), { minLength: 1, maxLength: 8 });
});
const softmax = (row: readonly number[]) => {
  const exps = row.map((v) => Math.exp(v));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((v) => v / sum);
};

describe("outputDivergence", () => {
  it(
    "is the Kullback-Leibler divergence from the float model, of logits and of probabilities, " +
      "over that of the best constant",
    () => {
      fc.assert(
        fc.property(logitPairs, (pairs) => {
          const [own, float] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
          const each = pairs.map(([a, b]) => {
            const [q, p] = [softmax(a), softmax(b)];
            return p.reduce((sum, share, c) => sum + share * Math.log(share / q[c]!), 0);
          });
          const shares = float.map(softmax);
          const best = shares[0]!.map(
            (_, c) => shares.reduce((sum, row) => sum + row[c]!, 0) / shares.length,
          );
          const kl = (p: readonly number[], q: readonly number[]) =>
            p.reduce((sum, share, c) => sum + share * Math.log(share / q[c]!), 0);
          const information = shares.reduce((sum, row) => sum + kl(row, best), 0) / shares.length;
          fc.pre(information > 0.1);
          const mean = each.reduce((a, b) => a + b, 0) / each.length / information;
          for (const form of [
            (rows: number[][]) => rows,
            (rows: number[][]) => rows.map(softmax),
          ]) {
            const found = outputDivergence().evaluate(output(form(own)), output(form(float)));
            expect(found.value).toBeCloseTo(mean, 2);
            const { value } = found;
            expect(found.score).toBeCloseTo(value <= 1 ? 1 - 0.99 * value : 0.01 / value, 9);
            expect(found.sampleScores).toHaveLength(pairs.length);
            const first = (1 - found.sampleScores![0]!) / 0.99;
            expect(first).toBeCloseTo(each[0]! / information, 1);
          }
        }),
      );
    },
  );

  it(
    "is 0 for the float model itself, and judges the first samples against those of the " +
      "reference",
    () => {
      const float = output([
        [1, 2],
        [3, 0],
      ]);
      expect(outputDivergence().evaluate(float, float)).toMatchObject({
        score: 1,
        value: 0,
        samples: 2,
      });
      const part = outputDivergence().evaluate(output([[1, 2]]), float, { partial: true });
      expect(part).toMatchObject({ score: 1, samples: 1 });
      expect(() => outputDivergence().evaluate(output([[1, 2]]), float)).toThrow(/1 x 2.*2 x 2/);
      expect(() => outputDivergence().evaluate(float)).toThrow(EvaluationError);
    },
  );
});

describe("outputAgreement", () => {
  it("is the share of rows with the float model's arg-max", () => {
    const metric = outputAgreement();
    const float = output([
      [0, 1],
      [1, 0],
    ]);
    expect(metric.needsReference).toBe(true);
    expect(metric.evaluate(float, float).score).toBe(1);
    expect(
      metric.evaluate(
        output([
          [0, 2],
          [1, 3],
        ]),
        float,
      ),
    ).toMatchObject({ score: 0.5, value: 0.5, samples: 2 });
    expect(() => metric.evaluate(float)).toThrow(EvaluationError);
    expect(() => metric.evaluate(output([[0, 1]]), float)).toThrow(/1 x 2.*2 x 2/);
  });
});

describe("outputDivergence", () => {
  const float = output([
    [1, 2, 3],
    [0, 0, 5],
  ]);

  it("is 0, score 1, for equal outputs and for a shift of all scores", () => {
    for (const measure of ["kl", "mse"] as const)
      expect(outputDivergence({ measure }).evaluate(float, float)).toMatchObject({
        score: 1,
        value: 0,
        samples: 2,
      });
    const shifted = output([
      [11, 12, 13],
      [-4, -4, 1],
    ]);
    expect(outputDivergence().evaluate(shifted, float).value).toBeCloseTo(0, 9);
    expect(outputDivergence({ measure: "mse" }).evaluate(shifted, float).value).toBeGreaterThan(1);
  });

  it("is the squared error over the variance of the float model at each place", () => {
    const other = output([
      [1, 2, 4],
      [0, 0, 5],
    ]);
    // Means 0.5, 1, 4: squared deviations 0.5, 2, 2 of both rows together; the error is 1.
    const found = outputDivergence({ measure: "mse" }).evaluate(other, float);
    expect(found.value).toBeCloseTo(1 / 4.5, 9);
    expect(found.sampleScores![0]).toBeCloseTo(1 - 0.99 * (1 / 2.25), 6);
    expect(found.sampleScores![1]).toBe(1);
  });

  it("judges the first rows, survives huge scores, and refuses what it cannot compare", () => {
    const first = output([[1, 2, 3]]);
    expect(outputDivergence().evaluate(first, float, { partial: true }).samples).toBe(1);
    const huge = output([
      [1e4, 0, -1e4],
      [0, 0, 5],
    ]);
    expect(outputDivergence().evaluate(huge, float).score).toBeLessThan(1e-6);
    expect(() => outputDivergence().evaluate(first, float)).toThrow(EvaluationError);
    expect(() => outputDivergence().evaluate(float)).toThrow(/needs the float model/);
    expect(() => outputDivergence({ measure: "js" as "kl" })).toThrow(InvalidArgumentError);
  });
});
