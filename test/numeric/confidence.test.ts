import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { standardErrorOfMean, wilsonInterval } from "../../src/numeric/confidence.js";

describe("standardErrorOfMean", () => {
  it("is the textbook's, and 0 for fewer than two values", () => {
    expect(standardErrorOfMean([])).toBe(0);
    expect(standardErrorOfMean([3])).toBe(0);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2 }),
        (values) => {
          const mean = values.reduce((a, b) => a + b, 0) / values.length;
          const variance =
            values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
          expect(standardErrorOfMean(values)).toBeCloseTo(Math.sqrt(variance / values.length), 8);
        },
      ),
    );
  });
});

describe("wilsonInterval", () => {
  it("holds the share, stays within 0 and 1, and narrows with the number", () => {
    fc.assert(
      fc.property(fc.nat({ max: 1000 }), fc.integer({ min: 1, max: 1000 }), (right, n) => {
        const share = Math.min(right, n) / n;
        const [low, high] = wilsonInterval(share, n);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(share);
        expect(high).toBeGreaterThanOrEqual(share);
        const [low4, high4] = wilsonInterval(share, 4 * n);
        expect(high4 - low4).toBeLessThan(high - low);
      }),
    );
  });

  it("is what Wilson's formula gives for 81 of 263", () => {
    const [low, high] = wilsonInterval(81 / 263, 263);
    expect(low).toBeCloseTo(0.2553, 4);
    expect(high).toBeCloseTo(0.3662, 4);
  });
});
