import { describe, expect, it } from "vitest";
import {
  differs,
  isDecided,
  isRight,
  type MeasuredRow,
  noiseOf,
  speedOf,
} from "../../bench/latency/rows.js";
import { summaries } from "../../bench/latency/summary.js";

const row = (speeds: readonly number[], predictedSpeed: number, more = {}): MeasuredRow => ({
  ...{ model: "m", genome: "int8", speeds, predictedSpeed },
  ...{ measuredMs: 2 / speeds[0]!, predictedMs: 2 / predictedSpeed, isSized: true },
  ...more,
});

describe("the sign of a speed", () => {
  it("is none within the tie or the repeat noise", () => {
    const clear = row([1.2, 1.25], 0.9);
    expect(speedOf(clear)).toBeCloseTo(Math.sqrt(1.2 * 1.25), 12);
    expect(noiseOf(clear)).toBeCloseTo(1.25 / 1.2 - 1, 12);
    expect([differs(clear), isDecided(clear), isRight(clear)]).toEqual([true, true, false]);
    const tie = row([1.04, 1.02], 2);
    expect([differs(tie), isDecided(tie), isRight(tie)]).toEqual([false, false, true]);
    // Two measurements that are on two sides of float32, or far apart.
    expect(differs(row([0.95, 1.3], 2))).toBe(true);
    for (const speeds of [
      [0.95, 1.3],
      [1.05, 1.2],
    ])
      expect(isDecided(row(speeds, 2))).toBe(false);
    const float = row([1, 1], 1, { genome: "float32" });
    expect(differs(float)).toBe(false);
  });
});

describe("summaries", () => {
  it("tell all files from those of known sizes, and these from the noisy ones", () => {
    const rows = [
      row([2, 2], 2),
      row([0.5, 0.5], 2, { model: "n" }),
      row([1.1, 1.4], 0.5, { model: "o" }),
      row([3, 3], 3, { model: "p", isSized: false }),
    ];
    const [all, sized, first, second] = summaries(rows);
    expect(all).toMatch(/^all: 4 files of 4 models.*right in 2 of 4 \(50%\).*: 2 of 3 \(67%\)$/);
    expect(sized).toMatch(/^sizes known: 3 files of 3.*right in 1 of 3 \(33%\).*: 1 of 2 \(50%\)$/);
    expect(first).toMatch(/: 2 files of 2 models/);
    expect(second).toMatch(/: too few files$/);
  });
});
