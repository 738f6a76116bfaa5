import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import { checkParams } from "../../src/quantization/check-params.js";
import { codeRange } from "../../src/quantization/code-range.js";
import type { QuantizationParams } from "../../src/quantization/params.js";
import { scaleCount, scaleLayout, scaleShape } from "../../src/quantization/scale-layout.js";
import { layouts, paramsArbitrary } from "./arbitraries.js";
import { scaleIndex } from "./reference.js";

const good: QuantizationParams = {
  ...{ bits: 4, signed: true, scheme: "asymmetric", granularity: "per-group", shape: [2, 5] },
  ...{ axis: 1, groupSize: 2, scale: new Float32Array(6).fill(0.5), zeroPoint: new Int32Array(6) },
};

describe("codeRange", () => {
  it("is two's complement, plain binary, balanced or ternary", () => {
    expect(codeRange({ bits: 4, signed: true })).toEqual({ qMin: -8, qMax: 7 });
    expect(codeRange({ bits: 4, signed: true, narrowRange: true })).toEqual({ qMin: -7, qMax: 7 });
    expect(codeRange({ bits: 4, signed: false, narrowRange: true })).toEqual({ qMin: 0, qMax: 15 });
    expect(codeRange({ bits: 16, signed: false })).toEqual({ qMin: 0, qMax: 65535 });
    expect(codeRange({ bits: 2, signed: true })).toEqual({ qMin: -2, qMax: 1 });
    for (const bits of [1, 1.58] as const) {
      expect(codeRange({ bits, signed: true })).toEqual({ qMin: -1, qMax: 1 });
      expect(codeRange({ bits, signed: false })).toEqual({ qMin: -1, qMax: 1 });
    }
    for (const bits of [0, 7, 32, 1.5, Number.NaN])
      expect(() => codeRange({ bits: bits as 4, signed: true })).toThrow(
        /bits is .*allowed: 1, 1.58, 2/,
      );
  });
});

describe("scaleShape and scaleCount", () => {
  it("follow ONNX: scalar, channels, blocks along the axis", () => {
    expect(scaleShape([3, 4], "per-tensor", 9, 0)).toEqual([]);
    expect(scaleShape([3, 4], "per-channel", 1, 0)).toEqual([4]);
    expect(scaleShape([3, 10, 2], "per-group", 1, 4)).toEqual([3, 3, 2]);
    expect(scaleCount([3, 10, 2], "per-group", 1, 4)).toBe(18);
    expect(scaleCount([], "per-tensor", 0, 0)).toBe(1);
  });

  it("count exactly the scales that elements use", () => {
    fc.assert(
      fc.property(layouts, (cut) => {
        const length = cut.shape.reduce((a, b) => a * b, 1);
        const used = new Set<number>();
        for (let i = 0; i < length; i++) used.add(scaleIndex(i, cut));
        const { shape, granularity, axis, groupSize } = cut;
        expect(scaleCount(shape, granularity, axis, groupSize)).toBe(used.size);
        const layout = scaleLayout(shape, granularity, axis, groupSize);
        expect(layout.count).toBe(used.size);
        expect(layout.length).toBe(length);
      }),
    );
  });
});

describe("checkParams", () => {
  it("accepts every valid format", () => {
    fc.assert(fc.property(paramsArbitrary, (params) => void checkParams(params)));
    checkParams(good);
  });

  it.each([null, undefined, 3, [], new Map()])("names params when it is %s", (params) => {
    expect(() => checkParams(params as never)).toThrow(
      expect.objectContaining({ name: "InvalidArgumentError", path: "params" }),
    );
  });

  it.each<[string, Partial<Record<keyof QuantizationParams, unknown>>]>([
    ["bits", { bits: 7 }],
    ["signed", { bits: 1, signed: false }],
    ["scheme", { scheme: "affine" }],
    ["granularity", { granularity: "per-row" }],
    ["shape", { shape: undefined }],
    ["shape", { shape: 3 }],
    ["shape", { shape: [2, -5] }],
    ["shape", { shape: [2, 2.5] }],
    ["axis", { axis: 2 }],
    ["axis", { axis: -1 }],
    ["axis", { axis: 0.5 }],
    ["groupSize", { groupSize: 0 }],
    ["groupSize", { groupSize: 1.5 }],
    ["scale", { scale: new Float32Array(5).fill(1) }],
    ["scale", { scale: new Float64Array(6).fill(1) }],
    ["scale", { scale: undefined }],
    ["scale", { scale: new Float32Array(6) }],
    ["scale", { scale: new Float32Array(6).fill(-1) }],
    ["scale", { scale: new Float32Array(6).fill(Number.NaN) }],
    ["scale", { scale: new Float32Array(6).fill(Number.POSITIVE_INFINITY) }],
    ["scale", { scheme: "power-of-two", scale: new Float32Array(6).fill(0.75) }],
    ["zeroPoint", { zeroPoint: new Int32Array(5) }],
    ["zeroPoint", { zeroPoint: new Int32Array(6).fill(8) }],
    ["zeroPoint", { zeroPoint: new Int32Array(6).fill(-9) }],
    ["zeroPoint", { zeroPoint: new Int32Array(6).fill(-8), narrowRange: true }],
    ["zeroPoint", { scheme: "symmetric", zeroPoint: new Int32Array(6).fill(1) }],
    ["zeroPoint", { scheme: "symmetric", zeroPoint: new Int32Array(6).fill(-1) }],
  ])("names %s when it is wrong", (path, patch) => {
    const run = () => checkParams({ ...good, ...patch } as QuantizationParams);
    expect(run).toThrow(InvalidArgumentError);
    expect(run).toThrow(
      expect.objectContaining({ path, message: expect.stringMatching(/allowed: /) }),
    );
  });
});
