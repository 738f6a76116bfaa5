import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rankCorrelation } from "../../src/numeric/rank-correlation.js";

describe("rankCorrelation", () => {
  it("is 1 - 6 sum(d^2) / (n (n^2 - 1)) where all values differ", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 12 }),
        fc.infiniteStream(fc.integer()),
        (a, s) => {
          const b = [...new Set(take(s, 60))].slice(0, a.length);
          fc.pre(b.length === a.length);
          const rank = (list: number[], x: number) => list.filter((y) => y < x).length;
          const d2 = a.reduce((sum, x, i) => sum + (rank(a, x) - rank(b, b[i]!)) ** 2, 0);
          const n = a.length;
          expect(rankCorrelation(a, b)).toBeCloseTo(1 - (6 * d2) / (n * (n * n - 1)), 10);
        },
      ),
    );
  });

  it("shares the ranks of equal values", () => {
    expect(rankCorrelation([1, 2, 2, 3], [1, 2, 2, 3])).toBeCloseTo(1, 12);
    expect(rankCorrelation([1, 1, 2, 2], [1, 2, 1, 2])).toBeCloseTo(0, 12);
    expect(rankCorrelation([1, 1], [1, 2])).toBeNaN();
  });

  it("refuses lists that do not match", () => {
    expect(() => rankCorrelation([1], [1])).toThrow(/from 2/);
    expect(() => rankCorrelation([1, Number.NaN], [1, 2])).toThrow(/NaN/);
  });
});

function take<T>(stream: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => stream.next().value as T);
}
