import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import { quantizationError } from "../../src/quantization/quantization-error.js";

const pairs = fc
  .array(fc.tuple(...[0, 1].map(() => fc.float({ min: -10, max: 10, noNaN: true }))), {
    minLength: 1,
    maxLength: 50,
  })
  .map(
    (list) =>
      [0, 1].map((k) => Float32Array.from(list, (p) => p[k]!)) as [Float32Array, Float32Array],
  );

describe("quantizationError", () => {
  it("equals the definitions", () => {
    fc.assert(
      fc.property(pairs, ([x, y]) => {
        const e = x.map((v, i) => v - y[i]!);
        const sum = (f: (i: number) => number) => [...x.keys()].reduce((s, i) => s + f(i), 0);
        const noise = sum((i) => (x[i]! - y[i]!) ** 2);
        const signal = sum((i) => x[i]! ** 2);
        const result = quantizationError(x, y);
        expect(result.mse).toBeCloseTo(noise / x.length, 9);
        expect(result.maxAbs).toBeCloseTo(Math.max(...e.map(Math.abs)), 5);
        if (noise > 1e-20 && signal > 1e-20)
          expect(result.sqnrDb).toBeCloseTo(10 * Math.log10(signal / noise), 6);
        expect(Math.abs(result.cosine)).toBeLessThanOrEqual(1);
        const norm = Math.sqrt(signal) * Math.sqrt(sum((i) => y[i]! ** 2));
        if (norm > 1e-20) expect(result.cosine).toBeCloseTo(sum((i) => x[i]! * y[i]!) / norm, 6);
      }),
    );
  });

  it("defines exact and all-zero cases", () => {
    const zero = new Float32Array(2);
    const x = Float32Array.of(3, -4);
    const infinite = Number.POSITIVE_INFINITY;
    expect(quantizationError(x, x)).toEqual({ mse: 0, sqnrDb: infinite, maxAbs: 0, cosine: 1 });
    expect(quantizationError(zero, zero)).toEqual({
      mse: 0,
      sqnrDb: infinite,
      maxAbs: 0,
      cosine: 1,
    });
    expect(quantizationError(zero, x)).toEqual({
      mse: 12.5,
      sqnrDb: -infinite,
      maxAbs: 4,
      cosine: 0,
    });
    expect(quantizationError(x, zero)).toEqual({ mse: 12.5, sqnrDb: 0, maxAbs: 4, cosine: 0 });
    expect(quantizationError(x, Float32Array.of(-3, 4)).cosine).toBe(-1);
  });

  it("refuses empty, unequal and non-finite arrays", () => {
    const x = Float32Array.of(1);
    expect(() => quantizationError(new Float32Array(0), new Float32Array(0))).toThrow(
      InvalidArgumentError,
    );
    expect(() => quantizationError(x, new Float32Array(2))).toThrow(/reconstructed has 2/);
    expect(() => quantizationError(Float32Array.of(Number.NaN), x)).toThrow(InvalidDataError);
    expect(() => quantizationError(x, Float32Array.of(Number.NaN))).toThrow(
      /reconstructed holds 1/,
    );
  });
});
