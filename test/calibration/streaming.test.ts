import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { CalibrationMethod, createObserver } from "../../src/calibration/index.js";
import { bestReach } from "../../src/calibration/methods/entropy.js";
import { mulberry } from "../simd/tensors.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heldBytes(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe("streaming observers", () => {
  for (const method of Object.values(CalibrationMethod))
    it(`hold after 10,000 batches what they hold after 10, ${method}`, () => {
      const random = mulberry(7);
      const observer = createObserver(method);
      const observe = (batches: number) => {
        // A fresh array each time, wider and wider, which the observer must not keep.
        for (let b = 0; b < batches; b++)
          observer.observe(Float32Array.from({ length: 256 }, () => (random() - 0.5) * (1 + b)));
      };
      observe(10);
      observer.params({ bits: 8, scheme: "asymmetric" });
      const few = heldBytes();
      observe(9990);
      observer.params({ bits: 8, scheme: "asymmetric" });
      // The batches alone are 10 MB.
      expect(heldBytes() - few).toBeLessThan(2e6);
      expect(observer.count).toBe(2_560_000);
    });

  it("give the same for 10 batches and for 10,000 of the same values", () => {
    const random = mulberry(9);
    const values = Float32Array.from(
      { length: 400_000 },
      () => (random() - 0.3) / (0.01 + random()),
    );
    for (const method of Object.values(CalibrationMethod)) {
      const [few, many] = [createObserver(method), createObserver(method)];
      for (let b = 0; b < 10; b++) few.observe(values.subarray(b * 40_000, (b + 1) * 40_000));
      for (let b = 0; b < 10_000; b++) many.observe(values.subarray(b * 40, (b + 1) * 40));
      for (const scheme of ["symmetric", "asymmetric", "power-of-two"] as const)
        expect(many.params({ bits: 8, scheme })).toEqual(few.params({ bits: 8, scheme }));
    }
  });
});

describe("entropy", () => {
  it("costs far less than in proportion to the square of the bins", () => {
    const time = (bins: number) => {
      const random = mulberry(bins);
      const counts = Float64Array.from({ length: bins }, () => Math.floor(random() * 50));
      let least = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 5; round++) {
        const start = process.cpuUsage();
        bestReach({ counts, zeroBin: 0, width: 1 }, 128);
        least = Math.min(least, process.cpuUsage(start).user + 1);
      }
      return least;
    };
    time(2048);
    // 32 times the bins: the square would be 1024.
    expect(time(65_536) / time(2048)).toBeLessThan(200);
  });
});
