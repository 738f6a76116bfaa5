import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import { constrainedDominates, nonDominatedSort } from "../../src/pareto/index.js";
import { Random } from "../../src/random/random.js";
import { beats, gridPoints } from "./reference.js";

/** Peels front after front, comparing all with all. */
function peel(count: number, wins: (a: number, b: number) => boolean): number[][] {
  const fronts: number[][] = [];
  let left = Array.from({ length: count }, (_, i) => i);
  while (left.length > 0) {
    const front = left.filter((b) => !left.some((a) => wins(a, b)));
    fronts.push(front);
    left = left.filter((i) => !front.includes(i));
  }
  return fronts;
}

describe("nonDominatedSort", () => {
  it("sorts a small example", () => {
    expect(
      nonDominatedSort([
        [2, 2],
        [1, 3],
        [3, 3],
        [1, 3],
        [4, 4],
      ]),
    ).toEqual([[0, 1, 3], [2], [4]]);
    expect(nonDominatedSort([])).toEqual([]);
  });

  it("equals peeling with all pairs compared", () => {
    fc.assert(
      fc.property(gridPoints(), (points) => {
        expect(nonDominatedSort(points)).toEqual(
          peel(points.length, (a, b) => beats(points[a]!, points[b]!)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("equals peeling with constrained dominance", () => {
    fc.assert(
      fc.property(
        gridPoints(),
        fc.array(fc.constantFrom(0, 0, 0.5, 1), { minLength: 30, maxLength: 30 }),
        (points, v) => {
          const violations = v.slice(0, points.length);
          expect(nonDominatedSort(points, { violations })).toEqual(
            peel(points.length, (a, b) =>
              constrainedDominates(points[a]!, v[a]!, points[b]!, v[b]!),
            ),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("takes a matrix as well as vectors", () => {
    const points = [
      [1, 2, 3],
      [0, 5, 1],
      [2, 2, 3],
    ];
    expect(nonDominatedSort({ data: Float64Array.from(points.flat()), dimensions: 3 })).toEqual(
      nonDominatedSort(points),
    );
  });

  it("sorts 2,000 points of four objectives in well under a second", () => {
    const random = new Random(1);
    const points = Array.from({ length: 2000 }, () => [
      random.next(),
      random.next(),
      random.next(),
      random.next(),
    ]);
    expect(nonDominatedSort(points).flat().length).toBe(2000);
  }, 2000);

  it("refuses NaN, ragged rows and wrong violations", () => {
    expect(() =>
      nonDominatedSort([
        [1, 2],
        [1, Number.NaN],
      ]),
    ).toThrow(InvalidDataError);
    expect(() =>
      nonDominatedSort([
        [1, 2],
        [1, Number.NaN],
      ]),
    ).toThrow("objectives.1.1 is NaN");
    expect(() => nonDominatedSort([[1, 2], [1]])).toThrow("objectives.1 has 1 numbers; allowed: 2");
    expect(() => nonDominatedSort([[]])).toThrow("objectives.0 has 0 numbers; allowed: at least 1");
    expect(() => nonDominatedSort({ data: new Float64Array(5), dimensions: 2 })).toThrow(
      InvalidArgumentError,
    );
    expect(() => nonDominatedSort([[1]], { violations: [] })).toThrow(InvalidArgumentError);
    expect(() => nonDominatedSort([[1]], { violations: [Number.NaN] })).toThrow(
      "violations.0 is NaN",
    );
  });
});
