import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crowdingDistance } from "../../src/pareto/index.js";
import { gridPoints } from "./reference.js";

const INF = Number.POSITIVE_INFINITY;

describe("crowdingDistance", () => {
  it("adds the neighbours' gaps as shares of the span", () => {
    // Middle points: (0.5 + 0.5) and (0.75 + 0.75), spans 4 and 8.
    expect([
      ...crowdingDistance([
        [0, 8],
        [1, 6],
        [2, 4],
        [4, 0],
      ]),
    ]).toEqual([INF, 1, 1.5, INF]);
  });

  it("gives the ends infinity, a repetition 0, and works on a front of a larger set", () => {
    expect([...crowdingDistance([[1, 1]])]).toEqual([INF]);
    expect([
      ...crowdingDistance([
        [0, 2],
        [2, 0],
        [0, 2],
      ]),
    ]).toEqual([INF, INF, 0]);
    expect([
      ...crowdingDistance(
        [
          [9, 9],
          [0, 8],
          [1, 6],
          [2, 4],
          [4, 0],
        ],
        [4, 3, 2, 1],
      ),
    ]).toEqual([INF, 1.5, 1, INF]);
    expect([...crowdingDistance([])]).toEqual([]);
  });

  it("an objective in which all are equal separates nobody", () => {
    expect(
      [
        ...crowdingDistance([
          [0, 4, 7],
          [1, 3, 7],
          [3, 1, 7],
          [4, 0, 7],
        ]),
      ].slice(1, 3),
    ).toEqual([1.5, 1.5]);
  });

  it("stays a number with infinite objectives", () => {
    const distances = crowdingDistance([
      [0, INF],
      [1, INF],
      [2, 5],
      [3, 1],
      [INF, 0],
    ]);
    expect([...distances].some(Number.isNaN)).toBe(false);
  });

  it("depends on the set and not on the order", () => {
    fc.assert(
      fc.property(gridPoints({ maxLength: 12 }), fc.infiniteStream(fc.nat()), (points, draws) => {
        const distinct = [...new Map(points.map((p) => [p.join(), p])).values()];
        const shuffled = distinct
          .map((point) => ({ point, rank: draws.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map((entry) => entry.point);
        const before = new Map(distinct.map((p, i) => [p.join(), crowdingDistance(distinct)[i]]));
        const after = new Map(shuffled.map((p, i) => [p.join(), crowdingDistance(shuffled)[i]]));
        expect(after.size).toBe(before.size);
        for (const [key, value] of after) expect(before.get(key)).toBe(value);
      }),
      { numRuns: 100 },
    );
  });

  it("refuses an index out of range", () => {
    expect(() => crowdingDistance([[1]], [1])).toThrow("front.0 is 1; allowed: 0 to 0");
  });
});
