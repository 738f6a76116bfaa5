import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDataError } from "../../../src/errors.js";
import { embeddingSimilarity } from "../../../src/measure/metrics/embedding-similarity.js";
import { type RegressionMeasure, regression } from "../../../src/measure/metrics/regression.js";

const output = (values: readonly number[], dims: readonly number[]) => ({
  y: { data: Float32Array.from(values), dims },
});
const MEASURES: readonly RegressionMeasure[] = ["mse", "mae", "r2", "psnr", "si-sdr"];

describe("regression", () => {
  const wanted = [1, 2, 3, 6];
  const found = output([1, 3, 3, 4], [4, 1]);
  const judge = (measure: RegressionMeasure, peak?: number) =>
    regression(wanted, { measure, peak }).evaluate(found);

  it("has the value in its own unit, and a score relative to the best constant", () => {
    // Errors 0, 1, 0, 2; mean of the targets 3, median 2.
    expect(judge("mse")).toMatchObject({ value: 5 / 4, samples: 4 });
    expect(judge("mse").score).toBeCloseTo(1 - (0.99 * 5) / 14, 9);
    expect(judge("mae").value).toBe(3 / 4);
    expect(judge("mae").score).toBeCloseTo(1 - (0.99 * 3) / 6, 9);
    expect(judge("r2").value).toBeCloseTo(1 - 5 / 14, 9);
    expect(judge("r2").score).toBe(judge("mse").score);
    expect([...judge("mse").sampleScores!]).toEqual(
      [0, 1, 0, 4].map((error) => expect.closeTo(1 - (0.99 * error) / 3.5, 5)),
    );
    const picture = regression([0, 0, 0, 1], { measure: "psnr", peak: 1 });
    // One sample of four values with an mse of 0.01.
    expect(picture.evaluate(output([0.1, 0.1, 0.1, 0.9], [1, 4])).value).toBeCloseTo(20, 4);
    expect(picture.evaluate(output([0, 0, 0, 1], [1, 4])).value).toBe(150);
  });

  it("has the SI-SDR of its definition, blind to the scale", () => {
    const target = [1, -1, 2, 0.5];
    const metric = regression(target, { measure: "si-sdr" });
    // 3 times the target and an orthogonal error of energy 1.
    const noisy = output(
      target.map((value, i) => 3 * value + [0.5, 0.5, 0, 0][i]! * Math.SQRT2),
      [1, 4],
    );
    const energy = target.reduce((sum, value) => sum + value * value, 0);
    expect(metric.evaluate(noisy).value).toBeCloseTo(10 * Math.log10(9 * energy), 4);
    expect(metric.evaluate(output([0, 0, 0, 0], [1, 4])).score).toBeLessThan(1e-9);
    expect(() =>
      regression([0, 0], { measure: "si-sdr" }).evaluate(output([1, 2], [1, 2])),
    ).toThrow(/silent/);
  });

  it("maps to the score monotonously, the best constant to 0.01 or less", () => {
    const targets = Array.from({ length: 24 }, (_, i) => Math.sin(5 * i));
    const at = (measure: RegressionMeasure, size: number) =>
      regression(targets, { measure }).evaluate(
        output(
          targets.map((value, i) => value + size * Math.cos(3 * i * i)),
          [8, 3],
        ),
      );
    for (const measure of MEASURES) {
      const results = [0, 0.01, 0.1, 0.5, 3].map((size) => at(measure, size));
      const scores = results.map(({ score }) => score);
      expect(scores, measure).toEqual(scores.toSorted((a, b) => b - a));
      expect(scores[0]).toBeCloseTo(1, 6);
      for (const { score, interval, standardError } of results) {
        expect(interval![0]).toBeLessThanOrEqual(score);
        expect(interval![1]).toBeGreaterThanOrEqual(score);
        expect(standardError).toBeGreaterThanOrEqual(0);
      }
      const constant = regression(targets, { measure }).evaluate(
        output(
          targets.map(() => 0.3),
          [8, 3],
        ),
      );
      if (measure !== "si-sdr") expect(constant.score, measure).toBeLessThanOrEqual(0.01);
    }
  });

  it("takes the float model's numbers for targets without any", () => {
    const float = output(wanted, [4, 1]);
    for (const measure of ["mse", "mae", "r2", "psnr"] as const)
      expect(regression(undefined, { measure }).evaluate(found, float)).toEqual(judge(measure));
    expect(() => regression().evaluate(found)).toThrow(/needs the float model/);
    const part = regression(wanted).evaluate(output([1, 3], [2, 1]), float, {
      partial: true,
      batchSizes: [2],
      referenceBatchSizes: [4],
    });
    expect(part.sampleScores).toEqual(judge("mse").sampleScores!.subarray(0, 2));
    expect(() => regression([1, 2]).evaluate(found)).toThrow(/2 targets for 4 values/);
    expect(() => regression([Number.NaN])).toThrow(InvalidDataError);
    expect(() => regression([])).toThrow(InvalidArgumentError);
    expect(() => regression([1], { peak: 0 })).toThrow(/peak is 0; allowed: .* above 0/);
  });
});

describe("embeddingSimilarity", () => {
  const vectors = (rows: readonly (readonly number[])[]) =>
    output(rows.flat(), [rows.length, rows[0]!.length]);
  const float = vectors([
    [1, 0],
    [0, 2],
    [3, 3],
    [-1, 0.5],
  ]);

  it("has the mean cosine, scored by what the best constant vector has", () => {
    const own = vectors([
      [5, 0],
      [1, 1],
      [1, 1],
      [-2, 1],
    ]);
    const found = embeddingSimilarity().evaluate(own, float);
    expect(found.value).toBeCloseTo((1 + Math.SQRT1_2 + 1 + 1) / 4, 6);
    // All in nearly one direction: cosines near 1 with any constant.
    const offset = Array.from({ length: 6 }, (_, i) => [10, Math.sin(i), Math.cos(2 * i)]);
    const constant = vectors(offset.map(() => [10, 0, 0]));
    const dead = embeddingSimilarity().evaluate(constant, vectors(offset));
    expect(dead.value).toBeGreaterThan(0.98);
    expect(dead.score).toBeLessThan(0.01001);
    expect(embeddingSimilarity().evaluate(float, float).score).toBeCloseTo(1, 12);
  });

  it("has Spearman's correlation of pairs", () => {
    const metric = embeddingSimilarity({ measure: "spearman" });
    expect(metric.evaluate(float, float)).toMatchObject({ value: expect.closeTo(1, 12) });
    const pairs = [
      { first: 0, second: 1, similarity: 0.1 },
      { first: 0, second: 2, similarity: 0.9 },
      { first: 0, second: 3, similarity: 0.5 },
    ];
    // Cosines 0, 0.7, -0.9: ranks 2 3 1 against 1 3 2, so that rho is 1 - 6 * 2 / 24.
    const judged = embeddingSimilarity({ measure: "spearman", pairs }).evaluate(float, float);
    expect(judged.value).toBeCloseTo(0.5, 12);
    const dead = vectors([
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(metric.evaluate(dead, float)).toMatchObject({ score: 0, value: 0 });
    expect(() => embeddingSimilarity({ pairs: [] })).toThrow(/pairs is/);
  });

  it("has the share of neighbours that stay, against a full sort", () => {
    const row = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 2, maxLength: 2 });
    const pair = fc.tuple(row, row);
    fc.assert(
      fc.property(
        fc.array(pair, { minLength: 2, maxLength: 9 }),
        fc.integer({ min: 1, max: 4 }),
        (rows, k) => {
          const cosine = (a: readonly number[], b: readonly number[]) => {
            const [m, n] = [Math.hypot(...a), Math.hypot(...b)];
            return m * n === 0 ? 0 : (a[0]! / m) * (b[0]! / n) + (a[1]! / m) * (b[1]! / n);
          };
          const near = (all: readonly (readonly number[])[], at: number) =>
            all
              .map((other, i) => ({ i, like: cosine(all[at]!, other) }))
              .filter(({ i }) => i !== at)
              .sort((a, b) => (Math.abs(b.like - a.like) > 1e-9 ? b.like - a.like : a.i - b.i))
              .slice(0, k)
              .map(({ i }) => i);
          const own = rows.map(([a]) => a);
          const wanted = rows.map(([, b]) => b);
          const shares = rows.map(
            (_, at) =>
              near(own, at).filter((i) => near(wanted, at).includes(i)).length /
              Math.min(k, rows.length - 1),
          );
          // Cosines that are equal up to rounding may come in either order.
          const tied = [own, wanted].some((all) =>
            all.some((a) => {
              const likes = all.map((b) => cosine(a, b)).sort((x, y) => x - y);
              return likes.some((like, i) => i > 0 && like - likes[i - 1]! < 1e-9);
            }),
          );
          fc.pre(!tied);
          const found = embeddingSimilarity({ measure: "recall", k }).evaluate(
            vectors(own),
            vectors(wanted),
          );
          expect(found.score).toBeCloseTo(shares.reduce((a, b) => a + b, 0) / shares.length, 6);
        },
      ),
    );
    const labelled = embeddingSimilarity({ measure: "recall", k: 1, labels: [0, 1, 0, -1] });
    // Nearest: 2, 2, 0 (equally far from 1, which comes later).
    expect(labelled.evaluate(float, float)).toMatchObject({
      score: expect.closeTo(2 / 3, 9),
      samples: 3,
    });
    expect(() => embeddingSimilarity({ measure: "recall", k: 0 })).toThrow(/k is 0/);
  });
});
