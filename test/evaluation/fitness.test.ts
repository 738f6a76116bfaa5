import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import { weightedFitness } from "../../src/evaluation/fitness.js";

const weights = {
  accuracyWeight: 0.4,
  compressionWeight: 0.3,
  latencyWeight: 0.2,
  energyWeight: 0.1,
};
const reference = { sizeBytes: 400, latencyMs: 20, energyMj: 6 };
const cost = fc.double({ min: 0, max: 1e6, noNaN: true });
const genome = fc.record({
  accuracy: fc.double({ min: 0, max: 1, noNaN: true }),
  sizeBytes: cost,
  latencyMs: cost,
  energyMj: cost,
});
const anyWeights = fc
  .record({
    accuracyWeight: fc.nat(9),
    compressionWeight: fc.nat(9),
    latencyWeight: fc.nat(9),
    energyWeight: fc.nat(9),
  })
  .filter((w) => Object.values(w).some((x) => x > 0));

describe("weightedFitness", () => {
  it("is the weighted mean of accuracy and savings", () => {
    expect(weightedFitness({ accuracy: 1, ...reference }, reference, weights)).toBeCloseTo(
      0.4 + 0.6 * 0.5,
      12,
    );
    // 4x smaller, 3x faster, as hungry: 0.8, 0.75, 0.5.
    const better = { accuracy: 0.9, sizeBytes: 100, latencyMs: 20 / 3, energyMj: 6 };
    expect(weightedFitness(better, reference, weights)).toBeCloseTo(0.36 + 0.24 + 0.15 + 0.05, 12);
  });

  it("counts only ratios of weights", () => {
    const tenfold = { accuracyWeight: 4, compressionWeight: 3, latencyWeight: 2, energyWeight: 1 };
    const some = { accuracy: 0.7, sizeBytes: 70, latencyMs: 3, energyMj: 1 };
    expect(weightedFitness(some, reference, tenfold)).toBeCloseTo(
      weightedFitness(some, reference, weights),
      12,
    );
  });

  it(
    "stays in 0 to 1 when feasible, grows with every improvement, and any feasible beats any " +
      "infeasible",
    () => {
      fc.assert(
        fc.property(
          genome,
          anyWeights,
          fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
          fc.double({ min: 1.001, max: 10, noNaN: true }),
          (g, w, violation, more) => {
            const fitness = weightedFitness(g, reference, w);
            expect(fitness).toBeGreaterThanOrEqual(0);
            expect(fitness).toBeLessThanOrEqual(1 + 1e-12);
            for (const name of ["sizeBytes", "latencyMs", "energyMj"] as const)
              expect(
                weightedFitness({ ...g, [name]: g[name] / 2 }, reference, w),
              ).toBeGreaterThanOrEqual(fitness);
            const infeasible = weightedFitness(g, reference, w, violation);
            expect(infeasible).toBeLessThan(0);
            expect(infeasible).toBeGreaterThanOrEqual(-1);
            expect(weightedFitness(g, reference, w, violation * more)).toBeLessThanOrEqual(
              infeasible,
            );
          },
        ),
      );
    },
  );

  it("has an answer at the edges", () => {
    const free = { sizeBytes: 0, latencyMs: 0, energyMj: 0 };
    expect(weightedFitness({ accuracy: 1, ...free }, free, weights)).toBeCloseTo(0.7, 12);
    expect(weightedFitness({ accuracy: 1, ...free }, reference, weights)).toBeCloseTo(1, 12);
    expect(
      weightedFitness({ accuracy: 1, ...free }, reference, weights, Number.POSITIVE_INFINITY),
    ).toBe(-1);
  });

  it("refuses weights that are none", () => {
    const ask = (patch: Partial<typeof weights>) => () =>
      weightedFitness({ accuracy: 1, ...reference }, reference, { ...weights, ...patch });
    expect(ask({ latencyWeight: -0.1 })).toThrow(
      "latencyWeight is -0.1; allowed: a finite number of at least 0",
    );
    expect(ask({ energyWeight: Number.NaN })).toThrow(InvalidArgumentError);
    expect(
      ask({ accuracyWeight: 0, compressionWeight: 0, latencyWeight: 0, energyWeight: 0 }),
    ).toThrow("are all 0");
  });
});
