import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidDataError } from "../../src/errors.js";
import { findNonFinite, requireFinite } from "../../src/numeric/find-non-finite.js";

describe("findNonFinite", () => {
  it("finds the first and counts all", () => {
    fc.assert(
      fc.property(fc.array(fc.float(), { maxLength: 30 }), (list) => {
        const values = Float32Array.from(list);
        const bad = [...values.keys()].filter((i) => !Number.isFinite(values[i]!));
        const expected = bad.length === 0 ? undefined : { index: bad[0], count: bad.length };
        expect(findNonFinite(values)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it("does not take great finite values for infinite", () => {
    expect(findNonFinite(new Float32Array(9).fill(3.4e38))).toBeUndefined();
    expect(findNonFinite(new Float64Array(9).fill(1.7e308))).toBeUndefined();
  });

  it("throws with the tensor's name, the index and the count", () => {
    const values = Float32Array.of(1, Number.NaN, Number.POSITIVE_INFINITY);
    expect(() => requireFinite(values, "conv1.weight")).toThrow(InvalidDataError);
    expect(() => requireFinite(values, "conv1.weight")).toThrow(
      /conv1\.weight holds 2 .*\(NaN\) at index 1/,
    );
    expect(() => requireFinite(Float32Array.of(1), "w")).not.toThrow();
  });
});
