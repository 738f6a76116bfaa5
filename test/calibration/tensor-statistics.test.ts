import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tensorStatistics } from "../../src/calibration/index.js";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import { scaleCount } from "../../src/quantization/index.js";
import { scaleIndex } from "../quantization/reference.js";
import { cases, tensor } from "../simd/tensors.js";

describe("tensorStatistics", () => {
  it("is the definition, slice by slice", () => {
    fc.assert(
      fc.property(cases, ({ shape, granularity, axis, groupSize, seed }) => {
        const length = shape.reduce((a, b) => a * b, 1);
        fc.pre(length > 0);
        const values = tensor("normal", length, seed);
        const count = scaleCount(shape, granularity, axis, groupSize);
        const slices = Array.from({ length: count }, (): number[] => []);
        values.forEach((x, i) => {
          slices[scaleIndex(i, { shape, granularity, axis, groupSize })]!.push(x);
        });
        const found = tensorStatistics(values, { shape, granularity, axis, groupSize });
        const near = (x: number, y: number, size: number) =>
          expect(Math.abs(x - y)).toBeLessThanOrEqual(1e-12 * size);
        slices.forEach((slice, k) => {
          const magnitudes = slice.map(Math.abs);
          const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
          expect(found.min[k]).toBe(Math.min(...slice));
          expect(found.max[k]).toBe(Math.max(...slice));
          expect(found.absMax[k]).toBe(Math.max(...magnitudes));
          near(found.sum[k]!, sum(slice), sum(magnitudes));
          near(found.sumOfMagnitudes[k]!, sum(magnitudes), sum(magnitudes));
          near(found.sumOfSquares[k]!, sum(slice.map((x) => x * x)), found.sumOfSquares[k]!);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("takes the whole tensor by default, and zeros as +0", () => {
    const { min, max, absMax } = tensorStatistics(new Float32Array(70).fill(-0));
    for (const list of [min, max, absMax])
      expect([...list].map((x) => Object.is(x, 0))).toEqual([true]);
  });

  it("names what is wrong", () => {
    const x = Float32Array.of(1, 2, 3);
    expect(() => tensorStatistics(new Float32Array(0))).toThrow(InvalidDataError);
    expect(() => tensorStatistics(Float32Array.of(Number.NaN), { name: "w" })).toThrow(/w holds 1/);
    expect(() => tensorStatistics(x, { shape: [2] })).toThrow(/shape is \[2\], 2 elements/);
    expect(() => tensorStatistics(x, { shape: 3 as never })).toThrow(/shape is 3/);
    expect(() => tensorStatistics(x, { granularity: "per-channel" })).toThrow(/shape is missing/);
    expect(() => tensorStatistics(x, { granularity: "per-channel", shape: [3] })).toThrow(
      /axis is missing/,
    );
    expect(() => tensorStatistics(x, { axes: 1 } as never)).toThrow(InvalidArgumentError);
    expect(() => tensorStatistics(x, { granularity: "per-group" })).toThrow(/groupSize is 0/);
  });
});
