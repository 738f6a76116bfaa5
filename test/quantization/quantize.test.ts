import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import {
  type Codes,
  codeRange,
  createCodes,
  dequantize,
  fakeQuantize,
  type QuantizationParams,
  quantize,
} from "../../src/quantization/index.js";
import { paramsWithValues } from "./arbitraries.js";
import { referenceCodes, referenceValues, scaleIndex } from "./reference.js";

const perTensor = (
  length: number,
  patch: Partial<QuantizationParams> = {},
): QuantizationParams => ({
  ...{ bits: 8, signed: true, scheme: "symmetric", granularity: "per-tensor" },
  ...{
    shape: [length],
    axis: 0,
    groupSize: 0,
    scale: Float32Array.of(1),
    zeroPoint: Int32Array.of(0),
  },
  ...patch,
});

/** The same values cut in every way that a kernel has a loop of its own for, all with one scale. */
function everyLoop(length: number, patch: Partial<QuantizationParams>): QuantizationParams[] {
  const base = perTensor(length, patch);
  const of = (count: number) => ({
    scale: new Float32Array(count).fill(base.scale[0]!),
    zeroPoint: new Int32Array(count).fill(base.zeroPoint[0]!),
  });
  return [
    base,
    { ...base, granularity: "per-channel", shape: [length / 4, 4], axis: 0, ...of(length / 4) },
    { ...base, granularity: "per-channel", shape: [length / 4, 4], axis: 1, ...of(4) },
    {
      ...base,
      granularity: "per-group",
      shape: [length],
      groupSize: 7,
      ...of(Math.ceil(length / 7)),
    },
    {
      ...{ ...base, granularity: "per-group", shape: [length / 4, 4], axis: 0, groupSize: 3 },
      ...of(Math.ceil(length / 12) * 4),
    },
  ];
}

describe("quantize, dequantize, fakeQuantize", () => {
  it("equal the element-by-element definition for every layout, width and scheme", () => {
    fc.assert(
      fc.property(paramsWithValues, ({ params, values }) => {
        const expected = referenceCodes(values, params);
        const codes = quantize(values, params);
        expect([...codes]).toEqual(expected);
        const restored = dequantize(codes, params);
        expect([...restored]).toEqual(referenceValues(expected, params));
        expect(bits(fakeQuantize(values, params))).toEqual(bits(restored));
      }),
      { numRuns: 2000 },
    );
  });

  it("give codes in range and errors of at most half a step where nothing is clipped", () => {
    fc.assert(
      fc.property(paramsWithValues, ({ params, values }) => {
        const { qMin, qMax } = codeRange(params);
        const codes = quantize(values, params);
        const restored = dequantize(codes, params);
        codes.forEach((q: number, i: number) => {
          expect(q).toBeGreaterThanOrEqual(qMin);
          expect(q).toBeLessThanOrEqual(qMax);
          if (params.bits === 1 || q === qMin || q === qMax) return;
          const s = params.scale[scaleIndex(i, params)]!;
          expect(Math.abs(restored[i]! - values[i]!)).toBeLessThanOrEqual(
            s / 2 + Math.abs(values[i]!) * 2 ** -22,
          );
        });
      }),
    );
  });

  it("are idempotent: quantizing the restored values gives the same codes", () => {
    fc.assert(
      fc.property(paramsWithValues, ({ params, values }) => {
        const codes = quantize(values, params);
        expect(quantize(dequantize(codes, params), params)).toEqual(codes);
      }),
    );
  });

  it(
    "divide: on 32,000 near-ties (8,000 at each of four scales) the reciprocal would give " +
      "other codes",
    () => {
      const length = 8_000;
      let differing = 0;
      for (const scale of [0.1, 0.3, 0.007, 1 / 3]) {
        const s = Math.fround(scale);
        const values = Float32Array.from({ length }, (_, k) => (k - 4_000 + 0.5) * s);
        const reciprocal = Math.fround(1 / s);
        for (const params of everyLoop(length, { bits: 16, scale: Float32Array.of(s) })) {
          const expected = Int16Array.from(referenceCodes(values, params));
          expect(quantize(values, params)).toEqual(expected);
          expect(fakeQuantize(values, params)).toEqual(dequantize(expected, params));
        }
        for (const x of values) {
          if (Math.fround(x / s) !== Math.fround(x * reciprocal)) differing++;
        }
      }
      expect(differing).toBeGreaterThan(100);
    },
  );

  it("round ties to even, saturate and shift by the zero point in every loop", () => {
    const values = Float32Array.of(0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 7.5, -8.5, 1e30, -1e30, 0, -0);
    for (const params of everyLoop(12, { bits: 4 })) {
      expect([...quantize(values, params)]).toEqual([0, 2, 2, 0, -2, -2, 7, -8, 7, -8, 0, 0]);
      expect([...fakeQuantize(values, params)]).toEqual([0, 2, 2, 0, -2, -2, 7, -8, 7, -8, 0, 0]);
    }
    const shifted = {
      bits: 4,
      signed: false,
      scheme: "asymmetric",
      zeroPoint: Int32Array.of(3),
    } as const;
    for (const params of everyLoop(12, shifted)) {
      expect([...quantize(values, params)]).toEqual([3, 5, 5, 3, 1, 1, 11, 0, 15, 0, 3, 3]);
      expect([...fakeQuantize(values, params)]).toEqual([0, 2, 2, 0, -2, -2, 8, -3, 12, -3, 0, 0]);
    }
    for (const params of everyLoop(12, { bits: 4, narrowRange: true })) {
      expect([...quantize(values, params)].slice(6, 10)).toEqual([7, -7, 7, -7]);
      expect([...fakeQuantize(values, params)].slice(6, 10)).toEqual([7, -7, 7, -7]);
    }
  });

  it("take the sign for binary and half the scale as the ternary threshold", () => {
    const values = Float32Array.of(
      -3,
      -1e-40,
      -0,
      0,
      1e-40,
      3,
      -0.25,
      0.25,
      0.5,
      0.51,
      -0.5,
      -0.51,
    );
    for (const params of everyLoop(12, { bits: 1, scale: Float32Array.of(2) })) {
      expect([...quantize(values, params)]).toEqual([-1, -1, 1, 1, 1, 1, -1, 1, 1, 1, -1, -1]);
      expect([...fakeQuantize(values, params)]).toEqual([-2, -2, 2, 2, 2, 2, -2, 2, 2, 2, -2, -2]);
    }
    for (const params of everyLoop(12, { bits: 1.58 }))
      expect([...quantize(values, params)]).toEqual([-1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, -1]);
  });

  it("use the right code array, fill `out`, and work in place and on views at an offset", () => {
    const kinds = [
      [8, true, Int8Array],
      [4, false, Uint8Array],
      [16, true, Int16Array],
      [16, false, Uint16Array],
      [1, true, Int8Array],
    ] as const;
    for (const [width, signed, type] of kinds) {
      const params = perTensor(3, { bits: width, signed });
      const values = Float32Array.of(9, 1, 2, 3, 9).subarray(1, 4);
      const codes = quantize(values, params);
      expect(codes).toBeInstanceOf(type);
      const out = new type(9).subarray(2, 5) as Codes;
      expect(quantize(values, params, out)).toBe(out);
      expect([...out]).toEqual([...codes]);
      const restored = new Float32Array(5).subarray(1, 4);
      expect(dequantize(out, params, restored)).toBe(restored);
      const inPlace = values.slice();
      expect(fakeQuantize(inPlace, params, inPlace)).toBe(inPlace);
      expect(inPlace).toEqual(restored.slice());
    }
    expect(createCodes({ bits: 1, signed: false }, 2)).toBeInstanceOf(Int8Array);
  });

  it("accept empty tensors and extents of 0", () => {
    const empty = new Float32Array(0);
    expect(quantize(empty, perTensor(0))).toEqual(new Int8Array(0));
    for (const axis of [0, 1, 2]) {
      for (const granularity of ["per-channel", "per-group"] as const) {
        const shape = [2, 0, 3];
        const count = granularity === "per-group" ? 0 : shape[axis]!;
        const params = perTensor(0, {
          ...{ granularity, shape, axis, groupSize: 2 },
          ...{ scale: new Float32Array(count).fill(1), zeroPoint: new Int32Array(count) },
        });
        expect(fakeQuantize(empty, params)).toEqual(empty);
        expect(dequantize(quantize(empty, params), params)).toEqual(empty);
      }
    }
  });

  it("name the argument that is wrong", () => {
    const values = Float32Array.of(1, 2, 3);
    const params = perTensor(3);
    const thrown = (run: () => unknown) => {
      try {
        run();
      } catch (error) {
        if (error instanceof InvalidArgumentError || error instanceof InvalidDataError)
          return error.path;
        throw error;
      }
      return "nothing";
    };
    expect(thrown(() => quantize(values, params, new Int8Array(2)))).toBe("out");
    expect(thrown(() => quantize(values, params, new Uint8Array(3)))).toBe("out");
    expect(thrown(() => quantize(values.subarray(1), params))).toBe("values");
    expect(thrown(() => quantize(new Float64Array(3) as never, params))).toBe("values");
    expect(thrown(() => dequantize(new Uint8Array(3), params))).toBe("codes");
    expect(thrown(() => dequantize(new Int8Array(4), params))).toBe("codes");
    expect(thrown(() => dequantize(new Int8Array(3), params, new Float32Array(2)))).toBe("out");
    expect(thrown(() => fakeQuantize(values, params, new Float32Array(2)))).toBe("out");
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => quantize(Float32Array.of(0, bad, bad), params)).toThrow(
        /values holds 2 .*index 1/,
      );
      expect(() => fakeQuantize(Float32Array.of(0, 0, bad), params)).toThrow(InvalidDataError);
    }
  });
});

function bits(values: Float32Array): number[] {
  return [...new Int32Array(values.buffer, values.byteOffset, values.length)];
}
