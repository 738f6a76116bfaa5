import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nonNegativeRidge } from "../../src/numeric/non-negative-ridge.js";
import { Random } from "../../src/random/random.js";

/** Half the gradient of the objective. */
function slopes(
  rows: readonly Float64Array[],
  targets: Float64Array,
  centers: Float64Array,
  strengths: Float64Array,
  x: Float64Array,
): Float64Array {
  const slope = x.map((value, k) => strengths[k]! ** 2 * (value - centers[k]!));
  for (const [i, row] of rows.entries()) {
    const off = row.reduce((sum, value, k) => sum + value * x[k]!, -targets[i]!);
    for (let k = 0; k < x.length; k++) slope[k]! += off * row[k]!;
  }
  return slope;
}

function problem(seed: number, unknowns: number, count: number) {
  const random = new Random(`ridge ${seed}`);
  const draw = (length: number, of: () => number) => Float64Array.from({ length }, of);
  return {
    rows: Array.from({ length: count }, () =>
      draw(unknowns, () => Math.abs(random.normal()) * 4 ** -random.integer(5)),
    ),
    targets: draw(count, () => 3 * random.normal()),
    centers: draw(unknowns, () => 0.8),
    strengths: draw(unknowns, () => random.pick([1, 2, 10])),
  };
}

describe("nonNegativeRidge", () => {
  it("meets the conditions of the optimum, with few unknowns and with many", () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.constantFrom(1, 5, 40, 129, 300),
        fc.integer({ min: 1, max: 60 }),
        (seed, unknowns, count) => {
          const { rows, targets, centers, strengths } = problem(seed, unknowns, count);
          const x = nonNegativeRidge(rows, targets, centers, strengths);
          const slope = slopes(rows, targets, centers, strengths, x);
          for (const [k, value] of x.entries()) {
            expect(value).toBeGreaterThanOrEqual(0);
            // At the bound the objective may only rise; elsewhere it is level.
            if (value > 0) expect(Math.abs(slope[k]!)).toBeLessThan(1e-3);
            else expect(slope[k]!).toBeGreaterThan(-1e-3);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it(
    "gives what is thought beforehand where nothing was measured, and takes an unknown that is " +
      "not held",
    () => {
      for (const unknowns of [3, 200]) {
        const centers = Float64Array.from({ length: unknowns }, (_, k) => 0.5 + k);
        expect([
          ...nonNegativeRidge(
            [],
            new Float64Array(0),
            centers,
            centers.map(() => 2),
          ),
        ]).toEqual([...centers]);
        const strengths = centers.map((_, k) => (k === 0 ? 0 : 100));
        const row = centers.map((_, k) => (k === 0 ? 1 : 0));
        expect(nonNegativeRidge([row], Float64Array.of(7), centers, strengths)[0]).toBeCloseTo(
          7,
          6,
        );
      }
    },
  );

  it("takes seconds at most for thousands of unknowns", () => {
    const { rows, targets, centers, strengths } = problem(1, 4003, 100);
    const start = performance.now();
    expect(nonNegativeRidge(rows, targets, centers, strengths)).toHaveLength(4003);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
