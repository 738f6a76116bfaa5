import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import {
  INTEGER_BITS,
  packBits,
  quantizedSizeBits,
  quantizedSizeBytes,
} from "../../src/quantization/index.js";
import { paramsArbitrary } from "./arbitraries.js";

describe("quantized size", () => {
  it("is what packing the codes, scales and zero points takes", () => {
    fc.assert(
      fc.property(paramsArbitrary, (params) => {
        const count = params.shape.reduce((a, b) => a * b, 1);
        const codes = packBits(new Int16Array(count).fill(1), params.bits).length;
        const zeros = packBits(new Int16Array(params.scale.length).fill(1), params.bits).length;
        const stored = params.scheme === "asymmetric" && params.bits >= 2 ? zeros : 0;
        expect(quantizedSizeBytes(params.shape, params)).toBe(
          codes + params.scale.byteLength + stored,
        );
      }),
    );
  });

  it("counts by hand", () => {
    const format = {
      bits: 4,
      scheme: "asymmetric",
      granularity: "per-channel",
      axis: 0,
      groupSize: 0,
    } as const;
    expect(quantizedSizeBytes([3, 5], format)).toBe(8 + 12 + 2);
    expect(quantizedSizeBytes([3, 5], { ...format, scheme: "power-of-two" })).toBe(8 + 12);
    expect(
      quantizedSizeBytes([3, 5], { ...format, granularity: "per-group", axis: 1, groupSize: 2 }),
    ).toBe(8 + 36 + 5);
    expect(quantizedSizeBits({ count: 11, bits: 1.58, scaleCount: 1, zeroPoint: false })).toBe(
      24 + 32,
    );
    for (const bits of INTEGER_BITS) {
      const one = quantizedSizeBits({ count: 0, bits, scaleCount: 1, zeroPoint: true });
      expect(one).toBe(32 + (bits === 16 ? 16 : 8));
    }
  });

  it("refuses what scaleCount refuses", () => {
    const format = {
      bits: 4,
      scheme: "symmetric",
      granularity: "per-group",
      axis: 2,
      groupSize: 2,
    } as const;
    expect(() => quantizedSizeBytes([3, 5], format)).toThrow(InvalidArgumentError);
  });
});
