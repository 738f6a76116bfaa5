import { describe, expect, it } from "vitest";
import { sampleWeights } from "../../../src/evaluation/noise/sample-weights.js";

const counting = (count: number) => Float32Array.from({ length: count }, (_, i) => i);

describe("sampleWeights", () => {
  it("gives a small layer back as it is", () => {
    const values = counting(12);
    const layout = { shape: [3, 4], channelAxis: 0, groupAxis: 1 };
    expect(sampleWeights(values, layout, 12)).toEqual({ values, layout });
    expect(sampleWeights(values, layout, 12).values).toBe(values);
  });

  it("takes whole channels, evenly spaced, along either axis", () => {
    const rows = sampleWeights(counting(12), { shape: [4, 3], channelAxis: 0, groupAxis: 1 }, 6);
    expect([...rows.values]).toEqual([0, 1, 2, 6, 7, 8]);
    expect(rows.layout.shape).toEqual([2, 3]);
    const columns = sampleWeights(counting(12), { shape: [3, 4], channelAxis: 1, groupAxis: 0 }, 6);
    expect([...columns.values]).toEqual([0, 2, 4, 6, 8, 10]);
    expect(columns.layout.shape).toEqual([3, 2]);
  });

  it("of one channel that is too long takes the start", () => {
    const one = sampleWeights(counting(20), { shape: [2, 10], channelAxis: 0, groupAxis: 1 }, 4);
    expect([...one.values]).toEqual([0, 1, 2, 3]);
    const fixed = sampleWeights(counting(20), { shape: [2, 10], channelAxis: 0, groupAxis: 0 }, 4);
    expect(fixed.values.length).toBe(10);
  });
});
