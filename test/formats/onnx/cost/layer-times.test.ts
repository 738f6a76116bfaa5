import { describe, expect, it } from "vitest";
import {
  convolutionUs,
  productUs,
  recurrentUs,
} from "../../../../src/formats/onnx/cost/layer-times.js";
import type { OperatorWork } from "../../../../src/formats/onnx/cost/operator-work.js";

const NOTHING: OperatorWork = {
  ...{ macs: 0, weights: 0, inputs: 0, outputs: 0, channels: 0, depth: 0, taps: 0 },
  ...{ positions: 0, images: 0, axes: 0, windows: false, depthwise: false, rank: 4, runs: 0 },
  ...{ places: 0, expands: false, rows: 0, steps: 0 },
};

/** A 3x3 convolution on 40 x 40 places. */
function convolution(channels: number, depth: number, more: Partial<OperatorWork> = {}) {
  const positions = 1600;
  const weights = channels * depth * 9;
  return {
    ...NOTHING,
    ...{ channels, depth, positions, weights, images: 1, axes: 2, windows: true },
    ...{ taps: positions * 9, macs: positions * weights, outputs: positions * channels },
    ...{ inputs: positions * depth },
    ...more,
  };
}

const depthwise = (channels: number) =>
  convolution(channels, 1, { depthwise: true, inputs: 1600 * channels });

/** How much faster codes are. */
const gain = (work: OperatorWork, coldMb = 5) =>
  convolutionUs(work, false, coldMb) / convolutionUs(work, true, coldMb);

describe("convolutionUs", () => {
  // Profiles of PP-OCR and MobileNet files: see docs/latency-tables.md.
  it("gains by codes where convolutions are wide, less where they are narrow", () => {
    expect(gain(convolution(128, 128))).toBeGreaterThan(3);
    expect(gain(convolution(64, 64))).toBeGreaterThan(2.5);
    expect(gain(convolution(64, 3))).toBeLessThan(2);
    expect(gain(convolution(16, 3))).toBeLessThan(1);
  });

  it("takes longer for depthwise convolutions on codes, most where channels fill no lanes", () => {
    for (const channels of [32, 64, 128]) expect(gain(depthwise(channels))).toBeLessThan(1);
    const [full, fewer] = [depthwise(96), depthwise(88)];
    expect(convolutionUs(fewer, true, 5)).toBeGreaterThan(2 * convolutionUs(full, true, 5));
    // In float 88 channels are padded to 96.
    expect(convolutionUs(fewer, false, 5)).toBeCloseTo(convolutionUs(full, false, 5), 6);
  });

  it("multiplies image by image along one axis, so that short ones gain most by codes", () => {
    const along = (images: number, each: number) => {
      const positions = images * each;
      const weights = 128 * 128 * 3;
      return {
        ...convolution(128, 128, { axes: 1, images, positions, weights }),
        ...{ taps: positions * 3, macs: positions * weights, outputs: positions * 128 },
      };
    };
    expect(gain(along(64, 4))).toBeGreaterThan(gain(along(1, 256)));
    expect(gain(along(1, 256))).toBeGreaterThan(3);
  });

  it("costs more the more a run writes, on codes above all", () => {
    const small = convolution(16, 16, { positions: 4, macs: 4 * 2304, taps: 36, outputs: 64 });
    for (const integer of [false, true])
      expect(convolutionUs(small, integer, 30)).toBeGreaterThan(
        convolutionUs(small, integer, 0) + 1,
      );
    expect(gain(small, 40)).toBeLessThan(gain(small, 0));
  });
});

describe("productUs", () => {
  const product = (rows: number, depth: number, columns: number): OperatorWork => ({
    ...NOTHING,
    ...{ rank: 2, rows, weights: depth * columns, macs: rows * depth * columns },
    ...{ inputs: rows * depth, outputs: rows * columns },
  });

  it("gains by codes where matrices are large", () => {
    const ratio = (work: OperatorWork) => productUs(work, false, 1) / productUs(work, true, 1);
    expect(ratio(product(1, 32, 32))).toBeLessThan(1);
    expect(ratio(product(1, 2048, 512))).toBeGreaterThan(2);
    expect(ratio(product(64, 512, 512))).toBeGreaterThan(2);
  });
});

describe("recurrentUs", () => {
  it("takes a time for each step, and gains by codes where matrices are large", () => {
    const layer = (steps: number, hidden: number): OperatorWork => ({
      ...NOTHING,
      ...{ steps, weights: 8 * hidden * hidden, macs: steps * 8 * hidden * hidden },
      outputs: steps * hidden,
    });
    for (const integer of [false, true])
      expect(recurrentUs(layer(200, 8), integer)).toBeGreaterThan(
        10 * recurrentUs(layer(2, 8), integer),
      );
    const gains = [16, 128, 512].map(
      (hidden) => recurrentUs(layer(100, hidden), false) / recurrentUs(layer(100, hidden), true),
    );
    expect(gains[0]).toBeLessThan(gains[1]!);
    expect(gains[1]).toBeLessThan(gains[2]!);
    expect(gains[2]).toBeGreaterThan(2.5);
  });
});
