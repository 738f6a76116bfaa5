import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calibrate, createObserver } from "../../../src/calibration/index.js";
import { bestReach } from "../../../src/calibration/methods/entropy.js";
import {
  fakeQuantize,
  type QuantizationParams,
  quantizationError,
} from "../../../src/quantization/index.js";
import { Random } from "../../../src/random/random.js";
import { normals } from "../arbitraries.js";

/** KL(P || Q) for one window, written out with whole arrays. */
function slowDivergence(
  counts: readonly number[],
  from: number,
  to: number,
  levels: number,
): number {
  const all = counts.reduce((a, b) => a + b, 0);
  const inside = counts.slice(from, to);
  const total = inside.reduce((a, b) => a + b, 0);
  const p = [...inside];
  const filledBins = [...inside.keys()].filter((k) => inside[k]! > 0);
  if (filledBins.length === 0) return Number.POSITIVE_INFINITY;
  p[filledBins[0]!]! += counts.slice(0, from).reduce((a, b) => a + b, 0);
  p[filledBins.at(-1)!]! += counts.slice(to).reduce((a, b) => a + b, 0);
  const q = new Array<number>(inside.length).fill(0);
  for (let level = 0; level < levels; level++) {
    const a = Math.floor((level * inside.length) / levels);
    const b = Math.floor(((level + 1) * inside.length) / levels);
    const members = inside.slice(a, b);
    const filled = members.filter((c) => c > 0).length;
    const mean = members.reduce((x, y) => x + y, 0) / filled;
    for (let k = a; k < b; k++) if (inside[k]! > 0) q[k] = mean;
  }
  let sum = 0;
  for (let k = 0; k < p.length; k++) {
    if (p[k] === 0) continue;
    sum += (p[k]! / all) * Math.log(p[k]! / all / (q[k]! / total));
  }
  return sum;
}

describe("bestReach", () => {
  it("finds the least divergence that trying every window finds", () => {
    const counted = fc.array(fc.oneof(fc.nat(50), fc.constant(0), fc.nat(3)), {
      minLength: 6,
      maxLength: 60,
    });
    fc.assert(
      fc.property(counted, fc.integer({ min: 2, max: 6 }), fc.nat(), (list, levels, seed) => {
        fc.pre(list.some((c) => c > 0));
        const zeroBin = seed % (list.length + 1);
        const windowOf = (k: number) =>
          [Math.max(0, zeroBin - k), Math.min(list.length, zeroBin + k)] as const;
        const widest = Math.max(zeroBin, list.length - zeroBin);
        let least = Number.POSITIVE_INFINITY;
        for (let k = widest; k >= 1; k--) {
          const [from, to] = windowOf(k);
          if (to - from < levels && k < widest) break;
          if (
            k < widest &&
            list.slice(from, to).filter((c) => c > 0).length < Math.max(3, levels / 4)
          )
            continue;
          least = Math.min(least, slowDivergence(list, from, to, levels));
        }
        const reach =
          bestReach({ counts: Float64Array.from(list), zeroBin, width: 1 }, levels) ?? widest;
        expect(slowDivergence(list, ...windowOf(reach), levels)).toBeCloseTo(least, 9);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("entropy calibration", () => {
  it("does not collapse on data of few levels, such as pixels and integers", () => {
    const random = new Random("pixels");
    const pixels = Float32Array.from({ length: 5000 }, () => random.integer(256));
    const sets = [
      pixels,
      pixels.map((p) => p / 255),
      pixels.map((p) => (p / 255 - 0.485) / 0.229),
      pixels.map((p) => Math.floor(p / 16) - 8),
    ];
    for (const values of sets)
      for (const scheme of ["symmetric", "asymmetric"] as const)
        for (const bits of [2, 3, 4, 6, 8] as const) {
          const quality = (params: QuantizationParams) =>
            quantizationError(values, fakeQuantize(values, { ...params, shape: [values.length] }))
              .sqnrDb;
          const observer = createObserver("entropy");
          observer.observe(values);
          const floor = quality(calibrate(values, { bits, scheme, method: "min-max" })) - 6;
          // Six decibels are a factor of two in the step; a collapsed range loses twenty.
          if (floor < 60) {
            expect(quality(calibrate(values, { bits, scheme, method: "entropy" }))).toBeGreaterThan(
              floor,
            );
            expect(quality(observer.params({ bits, scheme }))).toBeGreaterThan(floor);
          }
        }
  });

  it("clips a far outlier of many values, and nothing of few", () => {
    for (const scheme of ["symmetric", "asymmetric"] as const) {
      const values = normals(20_000, 9);
      values[100] = 60;
      const chosen = { bits: 8, scheme } as const;
      const minMax = calibrate(values, { ...chosen, method: "min-max" }).scale[0]!;
      const entropy = calibrate(values, { ...chosen, method: "entropy" }).scale[0]!;
      expect(entropy).toBeLessThan(minMax / 2);
      expect(entropy).toBeGreaterThan(minMax / 60);
      const few = values.slice(0, 16);
      expect(calibrate(few, { ...chosen, method: "entropy" }).scale[0]).toBeGreaterThan(
        0.8 * calibrate(few, { ...chosen, method: "min-max" }).scale[0]!,
      );
    }
  });

  it("serves one-sided values, and keeps the whole range for more levels than bins", () => {
    const positive = normals(5000, 2).map(Math.abs);
    positive[0] = 100;
    for (const signed of [true, false]) {
      for (const scheme of ["symmetric", "asymmetric"] as const) {
        for (const values of [positive, positive.map((x) => -x)]) {
          const chosen = { bits: 8, scheme, signed } as const;
          const whole = calibrate(values, { ...chosen, method: "min-max" });
          const clipped = calibrate(values, { ...chosen, method: "entropy" });
          if (scheme === "asymmetric" || signed)
            expect(clipped.scale[0]).toBeLessThan(whole.scale[0]!);
          const fine = { ...chosen, bits: 16 } as const;
          expect(calibrate(values, { ...fine, method: "entropy" })).toEqual(
            calibrate(values, { ...fine, method: "min-max" }),
          );
        }
      }
    }
  });
});
