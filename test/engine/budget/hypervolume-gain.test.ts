import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { greatestGains } from "../../../src/engine/budget/hypervolume-gain.js";
import { hypervolume } from "../../../src/pareto/index.js";

const vectors = (dimensions: number) =>
  fc.array(
    fc.array(fc.integer({ min: 0, max: 12 }), { minLength: dimensions, maxLength: dimensions }),
    {
      maxLength: 14,
    },
  );

/**
 * What each of the chosen adds when they are added one after the other, all volumes computed anew.
 */
function gainsOf(chosen: readonly number[], points: number[][], present: number[][]): number[] {
  const all = [...points, ...present];
  const ranges = (all[0] ?? []).flatMap((_, k) => {
    const values = all.map((point) => point[k]!);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return high > low ? [{ k, low, range: high - low }] : [];
  });
  const volume = (set: number[][]) =>
    hypervolume(
      set.map((point) => ranges.map(({ k, low, range }) => (point[k]! - low) / range)),
      ranges.map(() => 1.1),
    );
  if (ranges.length === 0) return chosen.map(() => 0);
  return chosen.map((_, step) => {
    const at = (count: number) =>
      volume([...present, ...chosen.slice(0, count).map((i) => points[i]!)]);
    return at(step + 1) - at(step);
  });
}

describe("greatestGains", () => {
  it("adds as much at each step as the best choice computed anew, in two to four objectives", () => {
    for (const dimensions of [2, 3, 4])
      fc.assert(
        fc.property(
          vectors(dimensions),
          vectors(dimensions),
          fc.integer({ min: 0, max: 6 }),
          (points, present, count) => {
            const chosen = greatestGains(points, present, count);
            expect(new Set(chosen).size).toBe(chosen.length);
            const gains = gainsOf(chosen, points, present);
            expect(gains.length).toBeLessThanOrEqual(count);
            // Whichever of equally good points was taken: no other one would have added more at its
            // step.
            chosen.forEach((_, step) => {
              const before = chosen.slice(0, step);
              for (let i = 0; i < points.length; i++)
                expect(gains[step]! + 1e-9).toBeGreaterThanOrEqual(
                  gainsOf([...before, i], points, present)[step]!,
                );
            });
            if (chosen.length < count)
              for (let i = 0; i < points.length; i++)
                expect(gainsOf([...chosen, i], points, present).at(-1)!).toBeLessThan(1e-9);
          },
        ),
        { numRuns: 200 },
      );
  });

  it("fills the widest gap of a front first, and leaves out what is dominated or there", () => {
    const front = [
      [0, 10],
      [10, 0],
    ];
    const points = [
      [0, 10],
      [1, 9],
      [5, 5],
      [11, 11],
      [9, 1],
    ];
    const [first, ...others] = greatestGains(points, front, 5);
    expect(first).toBe(2);
    expect(others.toSorted()).toEqual([1, 4]);
    expect(greatestGains(points, front, 1)).toEqual([2]);
  });

  it("does without an objective that never varies", () => {
    expect(
      greatestGains(
        [
          [3, 7, 1],
          [2, 7, 2],
        ],
        [[3, 7, 3]],
        2,
      ),
    ).toEqual(expect.arrayContaining([0, 1]));
    expect(greatestGains([[1, 1]], [], 3)).toEqual([0]);
    expect(greatestGains([[1, 1]], [[1, 1]], 3)).toEqual([]);
    expect(greatestGains([], [[1, 1]], 3)).toEqual([]);
  });
});
