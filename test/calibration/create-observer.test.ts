import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CalibrationMethod, calibrate, createObserver } from "../../src/calibration/index.js";
import { InvalidArgumentError, InvalidDataError, UnsupportedError } from "../../src/errors.js";
import {
  checkParams,
  fakeQuantize,
  INTEGER_BITS,
  QuantizationScheme,
} from "../../src/quantization/index.js";
import { Random } from "../../src/random/random.js";
import { normals, squaredError, valueLists } from "./arbitraries.js";

const methods = Object.values(CalibrationMethod);
const schemes = Object.values(QuantizationScheme);
const requests = fc.record({
  bits: fc.constantFrom(...INTEGER_BITS.filter((bits) => bits >= 2)),
  scheme: fc.constantFrom(...schemes),
  signed: fc.boolean(),
  narrowRange: fc.boolean(),
});

/** The top of the code range in real numbers. */
const clipOf = (params: { scale: Float32Array; bits: number }) =>
  params.scale[0]! * (2 ** (params.bits - 1) - 1);

describe("createObserver", () => {
  it("gives the same for any order and split into batches, empty ones included", () => {
    fc.assert(
      fc.property(
        fc.array(valueLists, { minLength: 1, maxLength: 5 }),
        requests,
        fc.constantFrom(...methods),
        (batches, request, method) => {
          const whole = createObserver(method);
          whole.observe(Float32Array.from(batches.flat()));
          const split = createObserver(method);
          for (const batch of [...batches].reverse()) {
            split.observe(new Float32Array(0));
            split.observe(Float32Array.from(batch));
          }
          expect(split.count).toBe(whole.count);
          expect(split.extremes()).toEqual(whole.extremes());
          expect(split.params(request)).toEqual(whole.params(request));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("always gives valid parameters with finite reconstructions, any number of times", () => {
    fc.assert(
      fc.property(valueLists, requests, fc.constantFrom(...methods), (list, request, method) => {
        const values = Float32Array.from(list);
        const observer = createObserver(method);
        observer.observe(values);
        const params = observer.params(request);
        checkParams(params);
        expect(params.scale[0]).toBeGreaterThanOrEqual(2 ** -126);
        expect(fakeQuantize(values, params).every(Number.isFinite)).toBe(true);
        expect(observer.params(request)).toEqual(params);
      }),
      { numRuns: 500 },
    );
  });

  it("min-max equals calibrating the whole array", () => {
    fc.assert(
      fc.property(valueLists, requests, (list, request) => {
        fc.pre(request.scheme !== "power-of-two");
        const values = Float32Array.from(list);
        const observer = createObserver("min-max");
        observer.observe(values);
        expect(observer.params(request)).toEqual(
          calibrate(values, { ...request, method: "min-max" }),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("percentile is within a bin of the whole array's", () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -20, max: 30, noNaN: true }), { minLength: 1, maxLength: 400 }),
        fc.double({ min: 51, max: 100, noNaN: true }),
        fc.constantFrom("symmetric", "asymmetric"),
        (list, percentile, scheme) => {
          const values = Float32Array.from(list);
          const observer = createObserver("percentile", { percentile });
          observer.observe(values);
          const request = { bits: 8, scheme, signed: true } as const;
          const stream = observer.params(request);
          const whole = calibrate(values, { ...request, method: "percentile", percentile });
          const absmax = Math.max(...values.map(Math.abs));
          fc.pre(absmax > 1e-30);
          const bin = (2 * absmax) / 2048;
          const codes = scheme === "symmetric" ? 127 : 255;
          const ends = scheme === "symmetric" ? 1 : 2;
          // A percentile of exactly 0 falls back to the whole range; a stream cannot see it to
          // within less than a bin.
          fc.pre(codes * Math.min(stream.scale[0]!, whole.scale[0]!) > bin);
          expect(Math.abs(stream.scale[0]! - whole.scale[0]!) * codes).toBeLessThanOrEqual(
            ends * bin * 1.0001,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it("mse comes within 2 % of the whole array's error, and near its power of two", () => {
    for (const bits of [2, 3, 4, 8, 16] as const) {
      for (const scheme of schemes) {
        const values = normals(5000, 11, 50);
        const observer = createObserver("mse");
        for (let i = 0; i < 5000; i += 700) observer.observe(values.subarray(i, i + 700));
        const stream = squaredError(
          values,
          fakeQuantize(values, observer.params({ bits, scheme })),
        );
        const whole = squaredError(
          values,
          fakeQuantize(values, calibrate(values, { bits, scheme, method: "mse" })),
        );
        expect(stream).toBeLessThanOrEqual(whole * 1.02);
      }
    }
  });

  it("entropy clips like the whole array's, and serves one-sided values", () => {
    const values = normals(20_000, 13);
    values[17] = 16.5;
    for (const scheme of ["symmetric", "asymmetric"] as const) {
      for (const data of [values, values.map(Math.abs)]) {
        const observer = createObserver("entropy");
        observer.observe(data);
        const stream = clipOf(observer.params({ bits: 8, scheme }));
        const whole = clipOf(calibrate(data, { bits: 8, scheme, method: "entropy" }));
        const minMax = clipOf(calibrate(data, { bits: 8, scheme, method: "min-max" }));
        expect(stream).toBeLessThan(minMax / 2);
        expect(stream / whole).toBeGreaterThan(0.6);
        expect(stream / whole).toBeLessThan(1.7);
      }
    }
  });

  it("keeps a constant amount of memory and exact counts over growing magnitudes", () => {
    const random = new Random(4);
    const observer = createObserver("percentile", { bins: 128 });
    let least = Number.POSITIVE_INFINITY;
    for (let batch = 0; batch < 100; batch++) {
      const values = Float32Array.from({ length: 50 }, () => random.normal() * 1.5 ** batch);
      least = Math.min(least, ...values);
      observer.observe(values);
    }
    expect(observer.count).toBe(5000);
    expect(observer.extremes().min).toBe(least);
    expect(observer.params({ bits: 8, scheme: "symmetric" }).shape).toEqual([5000]);
  });

  it("gives scale 1 for zeros alone", () => {
    for (const method of methods) {
      const observer = createObserver(method);
      observer.observe(new Float32Array(3));
      observer.observe(new Float32Array(3));
      for (const scheme of schemes)
        expect([...observer.params({ bits: 8, scheme }).scale]).toEqual([1]);
    }
  });

  it("names what is wrong", () => {
    const observer = createObserver("mse", { name: "relu1" });
    const request = { bits: 8, scheme: "symmetric" } as const;
    expect(() => observer.params(request)).toThrow(InvalidDataError);
    expect(() => observer.extremes()).toThrow(/relu1: nothing was observed/);
    expect(() => observer.observe(Float32Array.of(0, Number.NaN))).toThrow(
      /relu1 holds 1 .*index 1/,
    );
    expect(observer.count).toBe(0);
    expect(() => observer.observe([1] as never)).toThrow(InvalidArgumentError);
    observer.observe(Float32Array.of(1));
    for (const bits of [1, 1.58] as const)
      expect(() => observer.params({ ...request, bits })).toThrow(UnsupportedError);
    expect(() => observer.params({ ...request, bits: 7 as never })).toThrow(/bits is 7/);
    for (const bins of [0, 127, 129, 65538, 128.5])
      expect(() => createObserver("mse", { bins })).toThrow(/bins is/);
    expect(() => createObserver("mse", { percentile: 0 })).toThrow(/percentile is 0/);
    expect(() => createObserver("max" as never)).toThrow(/method is "max"/);
  });
});
