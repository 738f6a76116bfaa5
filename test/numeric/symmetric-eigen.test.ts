import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { symmetricEigen } from "../../src/numeric/symmetric-eigen.js";

describe("symmetricEigen", () => {
  it("takes a symmetric matrix apart and puts it together again", () => {
    const value = fc.integer({ min: -100, max: 100 }).map((n) => n / 8);
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 6 })
          .chain((n) => fc.array(value, { minLength: n * n, maxLength: n * n })),
        (flat) => {
          const n = Math.sqrt(flat.length);
          const at = (i: number, j: number) => flat[Math.min(i, j) * n + Math.max(i, j)]!;
          const matrix = Array.from({ length: n }, (_, i) =>
            Array.from({ length: n }, (_, j) => at(i, j)),
          );
          const { values, vectors } = symmetricEigen(matrix);
          for (let i = 0; i < n; i++)
            for (let j = 0; j < n; j++) {
              const again = values.reduce(
                (sum, l, k) => sum + l * vectors[k]![i]! * vectors[k]![j]!,
                0,
              );
              expect(again).toBeCloseTo(at(i, j), 8);
              const dot = vectors[i]!.reduce((sum, x, k) => sum + x * vectors[j]![k]!, 0);
              expect(dot).toBeCloseTo(i === j ? 1 : 0, 10);
            }
          expect([...values].sort((a, b) => a - b)).toEqual(values);
        },
      ),
    );
  });
});
