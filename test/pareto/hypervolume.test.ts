import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import { hypervolume } from "../../src/pareto/index.js";
import { Random } from "../../src/random/random.js";
import { gridPoints } from "./reference.js";

/** Counts the unit cells of the grid 0..7 that some point dominates. */
function countCells(points: readonly number[][], dimensions: number): number {
  let cells = 0;
  for (let code = 0; code < 7 ** dimensions; code++) {
    const corner = Array.from({ length: dimensions }, (_, k) => Math.floor(code / 7 ** k) % 7);
    if (points.some((p) => p.every((x, k) => x <= corner[k]!))) cells++;
  }
  return cells;
}

/** Inclusion and exclusion over all subsets: exact for real coordinates, exponential. */
function includeExclude(points: readonly number[][], reference: readonly number[]): number {
  let volume = 0;
  for (let set = 1; set < 1 << points.length; set++) {
    const chosen = points.filter((_, i) => set & (1 << i));
    const box = reference.reduce(
      (v, r, k) => v * Math.max(0, r - Math.max(...chosen.map((p) => p[k]!))),
      1,
    );
    volume += chosen.length % 2 === 1 ? box : -box;
  }
  return volume;
}

function randomFront(count: number, dimensions: number): number[][] {
  const random = new Random("front");
  return Array.from({ length: count }, () => {
    const direction = Array.from({ length: dimensions }, () => Math.abs(random.normal()));
    const norm = Math.hypot(...direction);
    return direction.map((x) => 1 - x / norm);
  });
}

describe("hypervolume", () => {
  it("of single boxes and of nothing", () => {
    expect(hypervolume([[1]], [3])).toBe(2);
    expect(hypervolume([[1, 1]], [3, 4])).toBe(6);
    expect(hypervolume([[1, 1, 1]], [3, 4, 5])).toBe(24);
    expect(hypervolume([[1, 1, 1, 1]], [3, 4, 5, 2])).toBe(24);
    expect(hypervolume([], [1, 1])).toBe(0);
    expect(
      hypervolume(
        [
          [1, 0],
          [0, 1],
        ],
        [1, 1],
      ),
    ).toBe(0);
  });

  for (const dimensions of [1, 2, 3, 4, 5])
    it(`counts the dominated cells of a grid in ${dimensions} dimensions`, () => {
      fc.assert(
        fc.property(gridPoints({ dimensions, maxLength: 12 }), (points) => {
          expect(hypervolume(points, Array(dimensions).fill(7))).toBe(
            countCells(points, dimensions),
          );
        }),
        { numRuns: dimensions > 3 ? 30 : 150 },
      );
    });

  it("equals inclusion and exclusion on real coordinates", () => {
    const real = fc.double({ min: -2, max: 1.5, noNaN: true });
    for (const dimensions of [2, 3, 4]) {
      const point = fc.array(real, { minLength: dimensions, maxLength: dimensions });
      fc.assert(
        fc.property(fc.array(point, { maxLength: 7 }), (points) => {
          const reference = Array<number>(dimensions).fill(1);
          expect(hypervolume(points, reference)).toBeCloseTo(includeExclude(points, reference), 9);
        }),
        { numRuns: 60 },
      );
    }
  });

  it("is the same to the last bit in any order", () => {
    const points = randomFront(60, 4);
    const reversed = [...points].reverse();
    expect(hypervolume(reversed, [1, 1, 1, 1])).toBe(hypervolume(points, [1, 1, 1, 1]));
  });

  it("approaches the exact volume of an eighth of a ball", () => {
    const volume = hypervolume(randomFront(1000, 3), [1, 1, 1]);
    expect(volume).toBeGreaterThan(0.48);
    expect(volume).toBeLessThan(Math.PI / 6);
  }, 2000);

  it("takes 300 points in four dimensions", () => {
    const volume = hypervolume(randomFront(300, 4), [1, 1, 1, 1]);
    expect(volume).toBeGreaterThan(0.2);
    expect(volume).toBeLessThan(Math.PI ** 2 / 32);
  }, 3000);

  it("refuses what has no volume", () => {
    expect(() => hypervolume([[1, Number.NaN]], [2, 2])).toThrow(InvalidDataError);
    expect(() => hypervolume([[1, Number.NEGATIVE_INFINITY]], [2, 2])).toThrow(
      "points.0.1 is -Infinity",
    );
    expect(() => hypervolume([[1, 1]], [2, Number.POSITIVE_INFINITY])).toThrow(
      "reference.1 is Infinity",
    );
    expect(() => hypervolume([[1, 1]], [2])).toThrow(InvalidArgumentError);
  });
});
