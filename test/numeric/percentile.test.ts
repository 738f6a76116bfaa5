import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import { percentile } from "../../src/numeric/percentile.js";
import { selectKth } from "../../src/numeric/select-kth.js";

const numbers = fc.oneof(
  fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 200 }),
  fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 200 }),
);

describe("selectKth", () => {
  it("gives the k-th of the sorted values and partitions around it", () => {
    fc.assert(
      fc.property(numbers, fc.nat(), (list, seed) => {
        const k = seed % list.length;
        const values = Float32Array.from(list);
        const sorted = Float32Array.from(list).sort();
        const found = selectKth(values, k);
        expect(found + 0).toBe(sorted[k]! + 0);
        expect(values.slice(0, k).every((x) => x <= found)).toBe(true);
        expect(values.slice(k).every((x) => x >= found)).toBe(true);
        expect([...values.sort()]).toEqual([...sorted]);
      }),
      { numRuns: 500 },
    );
  });

  it("stays fast on sorted, reversed, equal and organ-pipe values", () => {
    const n = 100_000;
    const shapes: ((i: number) => number)[] = [
      (i) => i,
      (i) => n - i,
      () => 7,
      (i) => Math.min(i, n - i),
      (i) => i % 2,
    ];
    for (const shape of shapes) {
      const values = Float32Array.from({ length: n }, (_, i) => shape(i));
      const sorted = values.slice().sort();
      expect(selectKth(values, 77_777)).toBe(sorted[77_777]);
    }
  });

  it("refuses an index outside the values", () => {
    for (const k of [-1, 3, 0.5, Number.NaN])
      expect(() => selectKth(new Float32Array(3), k)).toThrow(InvalidArgumentError);
    expect(() => selectKth(new Float32Array(0), 0)).toThrow(InvalidArgumentError);
  });
});

describe("percentile", () => {
  it("interpolates between order statistics", () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: 0, max: 100, noNaN: true }), (list, p) => {
        const sorted = Float32Array.from(list).sort();
        const position = (p / 100) * (list.length - 1);
        const low = sorted[Math.floor(position)]!;
        const high = sorted[Math.ceil(position)]!;
        const expected = low + (high - low) * (position - Math.floor(position));
        expect(percentile(Float32Array.from(list), p) + 0).toBe(expected + 0);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses no values and percentiles outside 0..100", () => {
    expect(() => percentile(new Float32Array(0), 50)).toThrow(InvalidArgumentError);
    for (const p of [-1, 101, Number.NaN])
      expect(() => percentile(new Float32Array(1), p)).toThrow(/percentile is/);
  });
});
