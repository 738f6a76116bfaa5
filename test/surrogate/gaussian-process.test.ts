import { describe, expect, it } from "vitest";
import { Random } from "../../src/random/random.js";
import { fitGaussianProcess } from "../../src/surrogate/gaussian-process.js";

const random = new Random("gaussian process");
const rows = Array.from({ length: 60 }, () =>
  Float64Array.of(random.next() * 4, random.next() * 4),
);
const truth = (row: Float64Array) => Math.sin(row[0]!) + 0.5 * row[1]!;
const centred = (row: Float64Array) => truth(row) - 1;
const fitted = fitGaussianProcess({
  rows,
  targets: Float64Array.from(rows, centred),
  noise: new Float64Array(rows.length).fill(1e-4),
})!;

describe("fitGaussianProcess", () => {
  it("predicts a smooth function between its points, and is less sure away from them", () => {
    let [error, spread] = [0, 0];
    for (let i = 0; i < 50; i++) {
      const row = Float64Array.of(0.5 + 3 * random.next(), 0.5 + 3 * random.next());
      error += (fitted.predict(row).mean - centred(row)) ** 2 / 50;
      spread += centred(row) ** 2 / 50;
    }
    expect(error).toBeLessThan(0.05 * spread);
    expect(fitted.predict(Float64Array.of(9, 9)).deviation).toBeGreaterThan(
      2 * fitted.predict(Float64Array.of(2, 2)).deviation,
    );
    expect(Math.abs(fitted.predict(Float64Array.of(99, 99)).mean)).toBeLessThan(1e-6);
  });

  it("trusts a noisy point less than an exact one", () => {
    const at = (noise: number) =>
      fitGaussianProcess({
        rows: [Float64Array.of(0), Float64Array.of(1)],
        targets: Float64Array.of(1, -1),
        noise: Float64Array.of(noise, 0),
      })!.predict(Float64Array.of(0)).mean;
    expect(at(10)).toBeLessThan(at(0));
  });

  it("has nothing to say without points or without differences", () => {
    const none = { rows: [], targets: new Float64Array(0), noise: new Float64Array(0) };
    expect(fitGaussianProcess(none)).toBeUndefined();
    const zero = {
      rows: rows.slice(0, 3),
      targets: new Float64Array(3),
      noise: new Float64Array(3),
    };
    expect(fitGaussianProcess(zero)).toBeUndefined();
  });

  it("stands points that are all the same", () => {
    const same = fitGaussianProcess({
      rows: [Float64Array.of(1, 1), Float64Array.of(1, 1)],
      targets: Float64Array.of(1, 1.1),
      noise: Float64Array.of(0.01, 0.01),
    })!;
    const { mean, deviation } = same.predict(Float64Array.of(1, 1));
    expect(mean).toBeGreaterThan(0.5);
    expect(Number.isFinite(deviation)).toBe(true);
  });
});
