import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CalibrateOptions,
  CalibrationMethod,
  calibrate,
} from "../../src/calibration/index.js";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import {
  checkParams,
  codeRange,
  dequantize,
  fakeQuantize,
  INTEGER_BITS,
  type IntegerBits,
  type QuantizationParams,
  QuantizationScheme,
  quantizationError,
  quantize,
} from "../../src/quantization/index.js";
import { layouts } from "../quantization/arbitraries.js";
import { nearestEven, scaleIndex } from "../quantization/reference.js";
import { normals, squaredError, valueLists } from "./arbitraries.js";

const methods = Object.values(CalibrationMethod);
const schemes = Object.values(QuantizationScheme);
const wide = INTEGER_BITS.filter((bits) => bits >= 2);

const options = (bits: readonly IntegerBits[] = INTEGER_BITS) =>
  fc.record({
    ...{ bits: fc.constantFrom(...bits), scheme: fc.constantFrom(...schemes) },
    ...{ method: fc.constantFrom(...methods), narrowRange: fc.boolean() },
  });

const errorOf = (values: Float32Array, chosen: CalibrateOptions) =>
  squaredError(values, fakeQuantize(values, calibrate(values, chosen)));

describe("calibrate", () => {
  it("always gives valid parameters with normal scales and finite reconstructions", () => {
    fc.assert(
      fc.property(valueLists, options(), (list, chosen) => {
        const values = Float32Array.from(list);
        const params = calibrate(values, chosen);
        checkParams(params);
        expect(params.scale[0]).toBeGreaterThanOrEqual(2 ** -126);
        const restored = dequantize(quantize(values, params), params);
        expect(restored.every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("calibrates each channel and group as if it were a tensor of its own", () => {
    fc.assert(
      fc.property(layouts, options(), fc.nat(), (cut, chosen, seed) => {
        const length = cut.shape.reduce((a, b) => a * b, 1);
        const values = normals(length, seed);
        const params = calibrate(values, { ...chosen, ...cut });
        checkParams(params);
        for (let k = 0; k < params.scale.length; k++) {
          const slice = values.filter((_, i) => scaleIndex(i, cut) === k);
          const alone = calibrate(slice, chosen);
          expect(params.scale[k]).toBe(alone.scale[0]);
          expect(params.zeroPoint[k]).toBe(alone.zeroPoint[0]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("min-max: symmetric scale is absmax / (2^(bits-1) - 1), full and narrow", () => {
    fc.assert(
      fc.property(fc.constantFrom(...wide), fc.boolean(), fc.nat(), (bits, narrowRange, seed) => {
        const values = normals(50, seed);
        const absmax = Math.max(...values.map(Math.abs));
        const params = calibrate(values, {
          bits,
          scheme: "symmetric",
          method: "min-max",
          narrowRange,
        });
        expect(params.scale[0]).toBe(Math.fround(absmax / (2 ** (bits - 1) - 1)));
        expect(params).toMatchObject({
          signed: true,
          narrowRange,
          granularity: "per-tensor",
          shape: [50],
        });
        const restored = fakeQuantize(values, params);
        const half = params.scale[0]! / 2;
        for (let i = 0; i < 50; i++)
          expect(Math.abs(restored[i]! - values[i]!)).toBeLessThan(half * 1.01);
      }),
    );
  });

  it("min-max: asymmetric spans the range with 0 in it, and 0 stays exact", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...wide),
        fc.boolean(),
        fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 20 }),
        (bits, signed, list) => {
          fc.pre(list.some((x) => Math.abs(x) > 1e-30));
          const values = Float32Array.from(list);
          const params = calibrate(values, {
            bits,
            signed,
            scheme: "asymmetric",
            method: "min-max",
          });
          const { qMin, qMax } = codeRange({ bits, signed });
          const low = Math.min(0, ...values);
          const high = Math.max(0, ...values);
          const scale = Math.fround((high - low) / (qMax - qMin));
          const zeroPoint = Math.max(qMin, Math.min(qMax, nearestEven(qMin - low / scale)));
          expect(params.scale[0]).toBe(scale);
          expect(params.zeroPoint[0]! + 0).toBe(zeroPoint + 0);
          const withZero = Float32Array.of(0, low, high);
          const restored = fakeQuantize(withZero, { ...params, shape: [3] });
          expect(restored[0]).toBe(0);
          for (let i = 1; i < 3; i++)
            expect(Math.abs(restored[i]! - withZero[i]!)).toBeLessThanOrEqual(scale * 1.01);
        },
      ),
    );
    expect(
      calibrate(Float32Array.of(-1, 3), { bits: 8, scheme: "asymmetric", method: "min-max" })
        .signed,
    ).toBe(false);
  });

  it("mse is never worse than min-max, and much better with outliers at few bits", () => {
    fc.assert(
      fc.property(valueLists, options(wide), (list, chosen) => {
        const values = Float32Array.from(list);
        const least = errorOf(values, { ...chosen, method: "mse" });
        expect(least).toBeLessThanOrEqual(errorOf(values, { ...chosen, method: "min-max" }));
      }),
      { numRuns: 500 },
    );
    for (const scheme of schemes) {
      const values = normals(2000, 5, 400);
      const minMax = errorOf(values, { bits: 4, scheme, method: "min-max" });
      const mse = errorOf(values, { bits: 4, scheme, method: "mse" });
      expect(mse).toBeLessThan((scheme === "power-of-two" ? 1 : 0.8) * minMax + 1e-9);
    }
  });

  it("mse finds the clip that a search of 2,000 finds, to within 0.5 % of the error", () => {
    for (const [seed, bits] of [
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 8],
    ] as const) {
      const values = normals(500, seed);
      const absmax = Math.max(...values.map(Math.abs));
      const params = calibrate(values, { bits, scheme: "symmetric", method: "mse" });
      let least = Number.POSITIVE_INFINITY;
      for (let i = 1; i <= 2000; i++) {
        const scale = Float32Array.of(((i / 2000) * absmax) / (2 ** (bits - 1) - 1));
        least = Math.min(least, squaredError(values, fakeQuantize(values, { ...params, scale })));
      }
      expect(squaredError(values, fakeQuantize(values, params))).toBeLessThanOrEqual(1.005 * least);
    }
  });

  it("percentile: |x| for symmetric, both tails for asymmetric, 99.9 by default", () => {
    const values = Float32Array.from({ length: 1001 }, (_, i) => i - 300);
    const symmetric = { bits: 8, scheme: "symmetric", method: "percentile" } as const;
    expect(calibrate(values, { ...symmetric, percentile: 90 }).scale[0]).toBe(
      Math.fround(600 / 127),
    );
    expect(calibrate(values, symmetric).scale[0]).toBe(Math.fround(699 / 127));
    const params = calibrate(values, { ...symmetric, scheme: "asymmetric", percentile: 90 });
    expect(params.scale[0]).toBe(Math.fround(800 / 255));
    expect(params.zeroPoint[0]).toBe(Math.round(200 / (800 / 255)));
    const unsigned = { ...symmetric, signed: false, percentile: 90 };
    expect(calibrate(values, unsigned).scale[0]).toBe(Math.fround(600 / 255));
    expect(calibrate(values, { ...symmetric, percentile: 100 })).toEqual(
      calibrate(values, { ...symmetric, method: "min-max" }),
    );
  });

  it("percentile keeps the whole range where the percentile is 0", () => {
    const values = new Float32Array(5000);
    values[7] = -4;
    for (const scheme of schemes) {
      const minMax = calibrate(values, { bits: 8, scheme, method: "min-max" });
      expect(calibrate(values, { bits: 8, scheme, method: "percentile" })).toEqual(minMax);
      expect(
        calibrate(values, { bits: 8, scheme, method: "percentile", signed: false }).scale[0],
      ).toBeGreaterThan(0);
    }
  });

  it("power-of-two scales have the least error of all exponents near the covering one", () => {
    fc.assert(
      fc.property(fc.constantFrom(...wide), fc.nat(), fc.boolean(), (bits, seed, outliers) => {
        const values = normals(64, seed, outliers ? 16 : 0);
        const params = calibrate(values, { bits, scheme: "power-of-two", method: "min-max" });
        const own = squaredError(values, fakeQuantize(values, params));
        const absmax = Math.max(...values.map(Math.abs));
        const covering = Math.ceil(Math.log2(absmax / (2 ** (bits - 1) - 1)));
        for (let n = covering - 3; n <= covering + 1; n++) {
          const other = { ...params, scale: Float32Array.of(2 ** n) };
          expect(own).toBeLessThanOrEqual(squaredError(values, fakeQuantize(values, other)));
        }
      }),
    );
  });

  it("stays finite at the end of float32, the most negative code of a full range included", () => {
    const values = Float32Array.of(0, -3.3897983057619195e38, 0, 0, 0);
    for (const method of Object.values(CalibrationMethod))
      for (const scheme of ["symmetric", "asymmetric", "power-of-two"] as const)
        for (const bits of [2, 3, 4, 5, 6, 8, 16] as const)
          for (const narrowRange of [true, false]) {
            const params = calibrate(values, { bits, scheme, method, narrowRange });
            const { qMin, qMax } = codeRange(params);
            for (const code of [qMin, qMax])
              expect(
                Math.fround((code - params.zeroPoint[0]!) * params.scale[0]!),
                `${method} ${scheme} ${bits}`,
              ).toSatisfy(Number.isFinite);
          }
  });

  it("ternary with a power-of-two scale: no other power of two loses less", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 40 }), (seed, count) => {
        const values = normals(count, seed);
        const error = (params: QuantizationParams) =>
          quantizationError(values, fakeQuantize(values, params)).mse;
        const params = calibrate(values, { bits: 1.58, scheme: "power-of-two", method: "mse" });
        for (let n = -12; n <= 4; n++)
          expect(error(params)).toBeLessThanOrEqual(
            error({ ...params, scale: Float32Array.of(2 ** n) }) * (1 + 1e-6),
          );
      }),
    );
  });

  it(
    "binary: the mean of |x|; ternary: the least error over every subset and a fine grid of " +
      "scales",
    () => {
      const list = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), {
        minLength: 1,
        maxLength: 30,
      });
      fc.assert(
        fc.property(
          list,
          fc.constantFrom("symmetric", "asymmetric", "power-of-two"),
          (xs, scheme) => {
            const values = Float32Array.from(xs);
            const absmax = Math.max(...values.map(Math.abs));
            fc.pre(absmax > 1e-6);
            const binary = calibrate(values, { bits: 1, scheme, method: "entropy" });
            const ternary = calibrate(values, {
              bits: 1.58,
              scheme,
              method: "min-max",
              signed: false,
            });
            for (const params of [binary, ternary]) {
              expect(params).toMatchObject({
                signed: true,
                scheme: scheme === "asymmetric" ? "symmetric" : scheme,
              });
              const own = squaredError(values, fakeQuantize(values, params));
              for (let i = 1; i <= 400; i++) {
                const s =
                  scheme === "power-of-two"
                    ? 2 ** (Math.floor(Math.log2(absmax)) + 1 - (i % 20))
                    : (i / 400) * absmax;
                const other = squaredError(
                  values,
                  fakeQuantize(values, { ...params, scale: Float32Array.of(s) }),
                );
                expect(own).toBeLessThanOrEqual(other * (1 + 1e-6) + 1e-12);
              }
            }
            if (scheme !== "power-of-two") {
              const mean = values.reduce((sum, x) => sum + Math.abs(x), 0) / values.length;
              expect(binary.scale[0]).toBeCloseTo(mean, 5);
            }
          },
        ),
        { numRuns: 100 },
      );
    },
  );

  it("all zeros: scale 1 (binary the least normal), and zeros come back", () => {
    const zeros = new Float32Array(12);
    for (const bits of INTEGER_BITS) {
      for (const scheme of schemes) {
        for (const method of methods) {
          const params = calibrate(zeros, {
            bits,
            scheme,
            method,
            shape: [3, 4],
            granularity: "per-channel",
            axis: 0,
          });
          expect([...params.scale]).toEqual(new Array(3).fill(bits === 1 ? 2 ** -126 : 1));
          if (bits > 1) expect(fakeQuantize(zeros, params)).toEqual(zeros);
        }
      }
    }
  });

  it("one element and equal elements are represented by every method", () => {
    for (const x of [3.7, -3.7, 1e-30, 1e30]) {
      for (const length of [1, 5]) {
        const values = new Float32Array(length).fill(x);
        for (const bits of INTEGER_BITS) {
          for (const scheme of ["symmetric", "asymmetric"] as const) {
            for (const method of methods) {
              const restored = fakeQuantize(values, calibrate(values, { bits, scheme, method }));
              for (const y of restored) expect(Math.abs(y / x - 1)).toBeLessThan(1e-5);
            }
          }
        }
      }
    }
  });

  it("keeps denormals and values at the end of float32 finite", () => {
    const extremes = [
      Float32Array.of(1e-45, -1e-42),
      Float32Array.of(3.4028234e38, -3.4028234e38, 1),
    ];
    for (const values of extremes) {
      for (const bits of INTEGER_BITS) {
        for (const scheme of schemes) {
          for (const method of methods) {
            const params = calibrate(values, { bits, scheme, method });
            checkParams(params);
            expect(params.scale[0]).toBeGreaterThanOrEqual(2 ** -126);
            expect(fakeQuantize(values, params).every(Number.isFinite)).toBe(true);
          }
        }
      }
    }
  });

  it("reads views at an offset and leaves the values as they are", () => {
    const backing = normals(20, 3);
    const view = backing.subarray(3, 17);
    const copy = view.slice();
    for (const bits of INTEGER_BITS) {
      for (const method of methods) {
        const chosen = { bits, scheme: "symmetric", method } as const;
        expect(calibrate(view, chosen)).toEqual(calibrate(copy, chosen));
      }
    }
    expect(view).toEqual(copy);
  });

  it("names what is wrong", () => {
    const good = { bits: 4, scheme: "symmetric", method: "min-max" } as const;
    const values = Float32Array.of(1, 2, 3, 4);
    expect(() => calibrate(new Float32Array(0), { ...good, name: "w" })).toThrow(InvalidDataError);
    expect(() => calibrate(Float32Array.of(1, Number.NaN), { ...good, name: "fc.weight" })).toThrow(
      /fc\.weight holds 1 NaN .* index 1/,
    );
    const wrong: [string, object][] = [
      ["bits", { bits: 7 }],
      ["scheme", { scheme: "affine" }],
      ["method", { method: "max" }],
      ["method", { method: "constructor" }],
      ["percentile", { percentile: 50 }],
      ["percentile", { percentile: Number.NaN }],
      ["shape", { shape: [3] }],
      ["shape", { shape: 4 }],
      ["shape", { granularity: "per-channel" }],
      ["shape", { granularity: "per-channel", axis: 0 }],
      ["axis", { granularity: "per-channel", shape: [2, 2] }],
      ["axis", { granularity: "per-channel", shape: [4], axis: 1 }],
      ["channelAxis", { channelAxis: 0 }],
      ["__proto__", JSON.parse('{"__proto__": 1}')],
      ["groupSize", { granularity: "per-group" }],
      ["granularity", { granularity: "per-row" }],
    ];
    for (const [path, patch] of wrong) {
      const run = () => calibrate(values, { ...good, ...patch } as CalibrateOptions);
      expect(run).toThrow(InvalidArgumentError);
      expect(run).toThrow(
        expect.objectContaining({ path, message: expect.stringMatching(/allowed: /) }),
      );
    }
    for (const none of [undefined, null])
      expect(() => calibrate(values, none as never)).toThrow(
        /options is (undefined|null); allowed: an object/,
      );
    expect(() => calibrate([1, 2] as never, good)).toThrow(
      /values is Array; allowed: Float32Array/,
    );
  });
});
