import { describe, expect, it } from "vitest";
import { chooseFormat } from "../../src/calibration/choose-format.js";
import { calibrate, calibrationMethodOf } from "../../src/calibration/index.js";
import { rangeTarget } from "../../src/calibration/range-target.js";
import { SliceSource } from "../../src/calibration/sources/slice-source.js";
import { fakeQuantize } from "../../src/quantization/index.js";
import { normals, squaredError } from "./arbitraries.js";

/** Normal deviates and one value far from them. */
function withOutlier(outlier: number): Float32Array {
  const values = normals(50_000, 21);
  values[100] = outlier;
  return values;
}

const exponent = (values: Float32Array, method: string) =>
  Math.log2(calibrate(values, { bits: 4, scheme: "power-of-two", method }).scale[0]!);

describe("the power-of-two search under an outlier", () => {
  it("mse: finds the exponent with the least error of all, far below the covering one", () => {
    for (const outlier of [100, 200]) {
      const values = withOutlier(outlier);
      const params = calibrate(values, { bits: 4, scheme: "power-of-two", method: "mse" });
      const errors = Array.from({ length: 30 }, (_, i) => {
        const scale = Float32Array.of(2 ** (i - 15));
        return squaredError(values, fakeQuantize(values, { ...params, scale }));
      });
      const best = errors.indexOf(Math.min(...errors)) - 15;
      const covering = Math.ceil(Math.log2(outlier / 7));
      expect(covering - best).toBeGreaterThan(3);
      expect(exponent(values, "mse")).toBe(best);
    }
  });
});

describe("the exponents that a method's search tries", () => {
  it.each([
    ["min-max", 3],
    ["percentile", 3],
    ["mse", 10],
    ["entropy", 3],
  ])("%s: from one above the covering one to %i below it", (method, reach) => {
    const tried: number[] = [];
    class Recorded extends SliceSource {
      override squaredErrors(...request: Parameters<SliceSource["squaredErrors"]>) {
        tried.push(...request[0].map(({ scale }) => Math.log2(scale)));
        return super.squaredErrors(...request);
      }
    }
    const source = new Recorded();
    source.load(Float32Array.of(-7, 3, 7));
    const target = rangeTarget({ bits: 4, scheme: "power-of-two" }, 100);
    chooseFormat(source, calibrationMethodOf(method), target);
    expect(tried).toEqual(Array.from({ length: reach + 2 }, (_, i) => 1 - i));
  });
});
