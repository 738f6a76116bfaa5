import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nonNegativeLeastSquares } from "../../src/numeric/non-negative-least-squares.js";

const entry = fc.integer({ min: -20, max: 20 }).map((n) => n / 4);

/** Every subset of unknowns tried, each by Gaussian elimination on its normal equations. */
function slowNnls(rows: number[][], targets: number[]): number {
  const n = rows[0]!.length;
  let best = targets.reduce((sum, b) => sum + b * b, 0);
  for (let mask = 1; mask < 1 << n; mask++) {
    const chosen = [...Array(n).keys()].filter((i) => mask & (1 << i));
    const m = chosen.map((i) => [
      ...chosen.map((j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0)),
      rows.reduce((sum, row, k) => sum + row[i]! * targets[k]!, 0),
    ]);
    let singular = false;
    for (let c = 0; c < chosen.length; c++) {
      const pivot = m
        .slice(c)
        .reduce((p, row, k) => (Math.abs(row[c]!) > Math.abs(m[p]![c]!) ? c + k : p), c);
      [m[c], m[pivot]] = [m[pivot]!, m[c]!];
      if (Math.abs(m[c]![c]!) < 1e-9) {
        singular = true;
        break;
      }
      for (let r = 0; r < chosen.length; r++) {
        if (r === c) continue;
        const f = m[r]![c]! / m[c]![c]!;
        for (let k = c; k <= chosen.length; k++) m[r]![k]! -= f * m[c]![k]!;
      }
    }
    if (singular) continue;
    const x = m.map((row, c) => row[chosen.length]! / row[c]!);
    if (x.some((value) => value < 0)) continue;
    best = Math.min(best, squares(rows, targets, chosen, x));
  }
  return best;
}

function squares(
  rows: number[][],
  targets: number[],
  chosen: number[],
  x: ArrayLike<number>,
): number {
  return rows.reduce((sum, row, k) => {
    const fit = chosen.reduce((value, i, at) => value + row[i]! * x[at]!, 0);
    return sum + (fit - targets[k]!) ** 2;
  }, 0);
}

describe("nonNegativeLeastSquares", () => {
  it("is as good as the best of all subsets", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((n) =>
          fc.array(fc.tuple(fc.array(entry, { minLength: n, maxLength: n }), entry), {
            minLength: 1,
            maxLength: 8,
          }),
        ),
        (data) => {
          const rows = data.map(([row]) => row);
          const targets = data.map(([, target]) => target);
          const x = nonNegativeLeastSquares(rows, targets);
          expect(x.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
          const all = rows[0]!.map((_, i) => i);
          expect(squares(rows, targets, all, x)).toBeLessThanOrEqual(
            slowNnls(rows, targets) + 1e-6,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it("finds the exact answer where there is one, and zero where the best would be negative", () => {
    const rows = [
      [1, 2],
      [3, 1],
      [1, 1],
    ];
    expect(
      [...nonNegativeLeastSquares(rows, [8, 9, 5])].map((x) => Math.round(x * 1e9) / 1e9),
    ).toEqual([2, 3]);
    expect([...nonNegativeLeastSquares([[1], [2]], [-1, -2])]).toEqual([0]);
    expect([...nonNegativeLeastSquares([], [])]).toEqual([]);
  });

  it("refuses sizes that differ and numbers that are none", () => {
    expect(() => nonNegativeLeastSquares([[1]], [])).toThrow(/targets has 0 entries; allowed: 1/);
    expect(() => nonNegativeLeastSquares([[1], [1, 2]], [1, 1])).toThrow(/rows.1 has 2 entries/);
    expect(() => nonNegativeLeastSquares([[Number.NaN]], [1])).toThrow(/not finite/);
  });
});
