import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import {
  fakeQuantize,
  fakeQuantizeError,
  quantizationError,
  scaleCount,
  sqnrDb,
} from "../../src/quantization/index.js";
import { paramsWithValues } from "./arbitraries.js";
import { scaleIndex } from "./reference.js";

describe("fakeQuantizeError", () => {
  it("is the sums of the definition, slice by slice", () => {
    fc.assert(
      fc.property(paramsWithValues, ({ params, values }) => {
        fc.pre(values.length > 0);
        const { shape, granularity, axis, groupSize } = params;
        const count = scaleCount(shape, granularity, axis, groupSize);
        const signal = new Float64Array(count);
        const noise = new Float64Array(count);
        const fake = fakeQuantize(values, params);
        values.forEach((x, i) => {
          signal[scaleIndex(i, params)]! += x * x;
          noise[scaleIndex(i, params)]! += (x - fake[i]!) ** 2;
        });
        const out = new Float32Array(values.length);
        const error = fakeQuantizeError(values, params, out);
        expect(out).toEqual(fake);
        for (let k = 0; k < count; k++) {
          expect(Math.abs(error.signal[k]! - signal[k]!)).toBeLessThanOrEqual(1e-12 * signal[k]!);
          expect(Math.abs(error.noise[k]! - noise[k]!)).toBeLessThanOrEqual(1e-12 * noise[k]!);
        }
        if (!fake.every(Number.isFinite)) return;
        const { mse, sqnrDb: db } = quantizationError(values, fake);
        expect(Math.abs(error.mse - mse)).toBeLessThanOrEqual(1e-12 * mse);
        if (Number.isFinite(db)) expect(error.sqnrDb).toBeCloseTo(db, 8);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses what fakeQuantize refuses, and empty tensors", () => {
    const format = {
      bits: 8,
      signed: true,
      scheme: "symmetric",
      granularity: "per-tensor",
    } as const;
    const cut = { axis: 0, groupSize: 0, scale: Float32Array.of(1), zeroPoint: Int32Array.of(0) };
    const params = { ...format, ...cut };
    const x = new Float32Array(300);
    expect(() => fakeQuantizeError(x.subarray(0, 0), { ...params, shape: [0] })).toThrow(
      /values is empty/,
    );
    expect(() => fakeQuantizeError(x, { ...params, shape: [300] }, new Float32Array(2))).toThrow(
      InvalidArgumentError,
    );
    x[299] = Number.NaN;
    expect(() => fakeQuantizeError(x, { ...params, shape: [300] })).toThrow(InvalidDataError);
  });

  it("has the SQNR of exact and of all-zero signals", () => {
    expect(sqnrDb(0, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(sqnrDb(0, 1)).toBe(Number.NEGATIVE_INFINITY);
    expect(sqnrDb(100, 1)).toBeCloseTo(20, 12);
  });
});
