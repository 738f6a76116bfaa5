import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { roundHalfEven } from "../../src/numeric/round-half-even.js";

/** The definition, on the two integers around x. */
function reference(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest < 0.5) return below + 0;
  if (rest > 0.5) return below + 1 + 0;
  return (below % 2 === 0 ? below : below + 1) + 0;
}

describe("roundHalfEven", () => {
  it("rounds ties to the even neighbour", () => {
    const ties = [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5];
    expect(ties.map(roundHalfEven)).toEqual([-4, -2, -2, 0, 0, 2, 2, 4]);
    expect(roundHalfEven(-0.2)).toBe(0);
  });

  it("equals the definition for every double", () => {
    fc.assert(
      fc.property(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), halves()), (x) => {
        expect(roundHalfEven(x)).toBe(reference(x));
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps NaN and infinity, and is exact between 2^51 and 2^53", () => {
    expect(roundHalfEven(Number.NaN)).toBeNaN();
    expect(roundHalfEven(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(roundHalfEven(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
    for (const base of [2 ** 51, -(2 ** 51), 2 ** 52, 2 ** 51 + 1, -(2 ** 51) - 1]) {
      for (const part of [-1, -0.5, 0, 0.5, 1])
        expect(roundHalfEven(base + part)).toBe(reference(base + part));
    }
  });
});

const halves = () => fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((n) => n + 0.5);
