import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FLOAT32_MAX,
  FLOAT32_MIN_NORMAL,
  float32Below,
  isPowerOfTwo,
} from "../../src/numeric/float32-range.js";

describe("float32 range", () => {
  it("knows the greatest and the least normal value", () => {
    expect(Math.fround(FLOAT32_MAX)).toBe(FLOAT32_MAX);
    expect(Math.fround(FLOAT32_MAX * (1 + 2 ** -24))).toBe(Number.POSITIVE_INFINITY);
    expect(Math.fround(FLOAT32_MIN_NORMAL)).toBe(2 ** -126);
  });

  it("steps down by one unit in the last place", () => {
    expect(float32Below(1)).toBe(1 - 2 ** -24);
    fc.assert(
      fc.property(
        fc.float({ min: Math.fround(1e-30), noNaN: true, noDefaultInfinity: true }),
        (x) => {
          const below = float32Below(x);
          expect(below).toBeLessThan(x);
          const middle = Math.fround((below + x) / 2);
          expect(middle === below || middle === x).toBe(true);
        },
      ),
    );
  });

  it("tells powers of two from other numbers", () => {
    for (let n = -126; n <= 127; n++) {
      expect(isPowerOfTwo(2 ** n)).toBe(true);
      expect(isPowerOfTwo(Math.fround(2 ** n * 1.5))).toBe(false);
    }
    for (let n = -149; n < -126; n++) {
      expect(isPowerOfTwo(2 ** n)).toBe(true);
      if (n > -149) expect(isPowerOfTwo(2 ** n * 1.5)).toBe(false);
    }
    for (const x of [
      0,
      -2,
      -(2 ** -127),
      2 ** -150,
      2 ** 128,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      1 + 2 ** -40,
    ])
      expect(isPowerOfTwo(x)).toBe(false);
  });
});
