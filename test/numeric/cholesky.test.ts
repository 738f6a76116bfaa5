import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cholesky, logDeterminant, solveCholesky } from "../../src/numeric/cholesky.js";

/** B B' + I of a random B: positive definite. */
const definite = fc.integer({ min: 1, max: 7 }).chain((n) =>
  fc
    .array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: n * n, maxLength: n * n })
    .map((b) => ({
      n,
      matrix: Float64Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        let sum = i === j ? 1 : 0;
        for (let k = 0; k < n; k++) sum += b[i * n + k]! * b[j * n + k]!;
        return sum;
      }),
    })),
);

describe("cholesky", () => {
  it("gives a triangle whose square is the matrix, and solves with it", () => {
    fc.assert(
      fc.property(definite, ({ n, matrix }) => {
        const factor = cholesky(matrix, n)!;
        const { lower } = factor;
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let k = 0; k < n; k++) sum += lower[i * n + k]! * lower[j * n + k]!;
            expect(sum).toBeCloseTo(matrix[i * n + j]!, 8);
            if (j > i) expect(lower[i * n + j]).toBe(0);
          }
        const x = solveCholesky(
          factor,
          Float64Array.from({ length: n }, (_, i) => i - 1),
        );
        for (let i = 0; i < n; i++) {
          const row = Array.from({ length: n }, (_, j) => matrix[i * n + j]! * x[j]!);
          expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(i - 1, 7);
        }
      }),
    );
  });

  it("gives the determinant, and refuses what is not positive definite", () => {
    expect(logDeterminant(cholesky(Float64Array.of(4, 0, 0, 9), 2)!)).toBeCloseTo(Math.log(36), 12);
    expect(cholesky(Float64Array.of(1, 2, 2, 1), 2)).toBeUndefined();
    expect(cholesky(Float64Array.of(0), 1)).toBeUndefined();
  });
});
