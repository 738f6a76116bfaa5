import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import { constrainedDominates, dominates } from "../../src/pareto/index.js";
import { beats } from "./reference.js";

const vector = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 });

describe("dominates", () => {
  it("needs one better and none worse", () => {
    expect(dominates([1, 2], [1, 3])).toBe(true);
    expect(dominates([1, 2], [1, 2])).toBe(false);
    expect(dominates([0, 4], [1, 3])).toBe(false);
    expect(dominates(Float64Array.of(-1, 0), [0, 0])).toBe(true);
    expect(dominates([1, 2], [1, Number.POSITIVE_INFINITY])).toBe(true);
  });

  it("agrees with the definition and is a strict partial order", () => {
    fc.assert(
      fc.property(vector, vector, vector, (a, b, c) => {
        expect(dominates(a, b)).toBe(beats(a, b));
        expect(dominates(a, b) && dominates(b, a)).toBe(false);
        if (dominates(a, b) && dominates(b, c)) expect(dominates(a, c)).toBe(true);
      }),
    );
  });

  it("refuses NaN wherever it stands, and other lengths", () => {
    expect(() => dominates([5, Number.NaN], [1, 1])).toThrow(InvalidDataError);
    expect(() => dominates([5, 1], [1, Number.NaN])).toThrow("objectives.1.1 is NaN");
    expect(() => dominates([1], [1, 2])).toThrow(InvalidArgumentError);
  });
});

describe("constrainedDominates", () => {
  it("puts feasibility first, then the smaller violation, then dominance", () => {
    expect(constrainedDominates([9], 0, [1], 0.1)).toBe(true);
    expect(constrainedDominates([1], 0.1, [9], 0)).toBe(false);
    expect(constrainedDominates([9], 0.1, [1], 0.2)).toBe(true);
    expect(constrainedDominates([1], 0.2, [9], 0.2)).toBe(true);
    expect(constrainedDominates([9], 0, [1], 0)).toBe(false);
  });

  it("refuses violations that are none", () => {
    expect(() => constrainedDominates([1], -1, [1], 0)).toThrow("violationA is -1");
    expect(() => constrainedDominates([1], 0, [1], Number.NaN)).toThrow("violationB is NaN");
  });
});
