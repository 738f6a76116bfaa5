import { describe, expect, it } from "vitest";
import { describeValue } from "../../src/check/describe-value.js";

describe("describeValue", () => {
  it.each<[unknown, string]>([
    [undefined, "undefined"],
    [null, "null"],
    [Number.NaN, "NaN"],
    [-1.5, "-1.5"],
    [7n, "7"],
    [true, "true"],
    [Symbol("s"), "Symbol(s)"],
    ["", '""'],
    ['a "b"', '"a \\"b\\""'],
    ["x".repeat(100), `"${"x".repeat(60)}"`],
    [() => 1, "a function"],
    [[], "an empty list"],
    [[1, 2], "a list of 2"],
    [{}, "an object"],
    [Object.create(null), "an object"],
    [new Map(), "of type Map"],
    [new Float32Array(3), "of type Float32Array"],
  ])("says of %o: %s", (value, text) => {
    expect(describeValue(value)).toBe(text);
  });

  it("runs no code of the value", () => {
    const trap = {
      toString: () => {
        throw new Error("ran");
      },
    };
    expect(describeValue(trap)).toBe("an object");
  });
});
