import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WideningHistogram } from "../../src/numeric/widening-histogram.js";

const floats = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ min: -4, max: 4, noNaN: true }),
  fc.constant(0),
);

function fill(batches: readonly (readonly number[])[], bins = 16): WideningHistogram {
  const histogram = new WideningHistogram(bins);
  for (const batch of batches) histogram.add(Float32Array.from(batch));
  return histogram;
}

describe("WideningHistogram", () => {
  it("depends on the values alone, not on order or batches", () => {
    fc.assert(
      fc.property(fc.array(fc.array(floats, { maxLength: 10 }), { maxLength: 10 }), (batches) => {
        const split = fill(batches);
        const reversed = fill([...batches].reverse());
        const whole = fill([batches.flat()]);
        expect(split).toEqual(whole);
        expect(reversed).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it("loses no counts and puts each value into its bin", () => {
    fc.assert(
      fc.property(fc.array(fc.array(floats, { maxLength: 8 }), { maxLength: 8 }), (batches) => {
        const histogram = fill(batches);
        const all = [...Float32Array.from(batches.flat())];
        const { width, bins } = histogram;
        expect(histogram.count).toBe(all.length);
        expect(histogram.zeros).toBe(all.filter((x) => x === 0).length);
        for (const [counts, sign] of [
          [histogram.positive, 1],
          [histogram.negative, -1],
        ] as const) {
          for (let k = 0; k < bins; k++) {
            const inside = all.filter(
              (x) => sign * x > 0 && sign * x >= k * width && sign * x < (k + 1) * width,
            );
            expect(counts[k]).toBe(inside.length);
          }
        }
        const absmax = Math.max(0, ...all.map(Math.abs));
        if (absmax === 0) expect(width).toBe(0);
        else {
          expect(Number.isInteger(Math.log2(width))).toBe(true);
          expect(absmax).toBeLessThan(width * bins);
          expect(absmax).toBeGreaterThanOrEqual((width * bins) / 2);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps exact extremes", () => {
    const histogram = fill([[], [1, -3], [0.5], [7, -0.25]]);
    expect([histogram.min, histogram.max]).toEqual([-3, 7]);
    expect(fill([]).min).toBe(Number.POSITIVE_INFINITY);
  });
});
