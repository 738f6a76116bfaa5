import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pairedDifference } from "../../src/numeric/paired-difference.js";

const marks = fc
  .array(fc.boolean(), { minLength: 2, maxLength: 60 })
  .map((list) => Float32Array.from(list, Number));

describe("pairedDifference", () => {
  it("is antisymmetric, over the samples that both have, and never without error", () => {
    fc.assert(
      fc.property(marks, marks, (a, b) => {
        const [ab, ba] = [pairedDifference(a, b), pairedDifference(b, a)];
        expect(ab.mean).toBeCloseTo(-ba.mean, 12);
        expect(ab.standardError).toBeCloseTo(ba.standardError, 12);
        expect(ab.standardError).toBeGreaterThan(0);
        const n = Math.min(a.length, b.length);
        expect(pairedDifference(a.subarray(0, n), b.subarray(0, n))).toEqual(ab);
      }),
    );
  });
});
