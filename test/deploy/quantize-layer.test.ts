import { describe, expect, it } from "vitest";
import { LayerQuantizer, quantizeLayer } from "../../src/deploy/quantize-layer.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { LayerQuantConfig } from "../../src/genome/layer-quant-config.js";
import type { LayerSpec } from "../../src/model/layer-spec.js";
import { fingerprint } from "../../src/numeric/fingerprint.js";
import { normals } from "../formats/onnx/small-models.js";

const WIDTHS = [2, 4, 8, 16] as const;
const layer: LayerSpec = {
  name: "a",
  kind: "gemm",
  parameterCount: 64,
  macs: 64,
  inputShape: [1, 8],
  outputShape: [1, 8],
  weights: normals("layer", 64),
  weightLayout: { shape: [8, 8], channelAxis: 0, groupAxis: 1 },
};

describe("LayerQuantizer", () => {
  it("quantizes what differs only in settings without effect once", () => {
    const quantizer = new LayerQuantizer(WIDTHS);
    const config = new LayerQuantConfig({ weightBits: 4 });
    const first = quantizer.quantize(layer, config, "mse");
    expect(
      quantizer.quantize(layer, config.with({ activationBits: 16, groupSize: 64 }), "mse"),
    ).toBe(first);
    expect(quantizer.quantize(layer, config, "min-max")).not.toBe(first);
    expect(quantizer.quantize(layer, config.with({ weightBits: 3 }), "mse")).not.toBe(first);
    expect(quantizer.quantize({ ...layer, name: "b" }, config, "mse")).not.toBe(first);
    expect(quantizer.quantize(layer, config, "mse", true)).not.toBe(first);
    const binary = config.with({ weightBits: 1 });
    expect(quantizer.quantize(layer, binary.with({ weightScheme: "power-of-two" }), "mse")).toBe(
      quantizer.quantize(layer, binary, "mse"),
    );
    expect(quantizer.size).toBe(6);
  });

  it("avoids saturation where 8-bit codes meet 8-bit activations, and there alone", () => {
    const quantizer = new LayerQuantizer(WIDTHS, undefined, true);
    const plain = new LayerQuantizer(WIDTHS);
    for (const method of ["min-max", "mse"] as const)
      for (const scheme of ["symmetric", "power-of-two"] as const)
        for (const useSymmetric of [true, false]) {
          const config = new LayerQuantConfig({ weightScheme: scheme, useSymmetric });
          const { data } = quantizer.quantize(layer, config, method);
          const codes = new Int8Array(data.buffer, data.byteOffset, data.length);
          expect(Math.max(...codes)).toBeLessThanOrEqual(63);
          expect(Math.min(...codes)).toBeGreaterThanOrEqual(useSymmetric ? -63 : -64);
          // A sum of two products with unsigned activations.
          for (let i = 1; i < codes.length; i++)
            expect(Math.abs(255 * codes[i - 1]! + 255 * codes[i]!)).toBeLessThanOrEqual(32767);
          for (const other of [
            { activationBits: 16 },
            { activationBits: 32 },
            { weightBits: 6 },
            { weightScheme: "asymmetric" },
          ] as const)
            expect(quantizer.quantize(layer, config.with(other), method)).toEqual(
              plain.quantize(layer, config.with(other), method),
            );
        }
  });

  it("forgets what was used longest ago when it is full", () => {
    // 4 bit codes of 64 weights, 8 scales and 8 zero points: 96 bytes.
    const quantizer = new LayerQuantizer(WIDTHS, 200);
    const config = new LayerQuantConfig({ weightBits: 4 });
    const a = quantizer.quantize(layer, config, "mse");
    const b = quantizer.quantize({ ...layer, name: "b" }, config, "mse");
    expect(quantizer.quantize(layer, config, "mse")).toBe(a);
    quantizer.quantize({ ...layer, name: "c" }, config, "mse");
    expect(quantizer.size).toBe(2);
    expect(quantizer.quantize(layer, config, "mse")).toBe(a);
    expect(quantizer.quantize({ ...layer, name: "b" }, config, "mse")).not.toBe(b);
  });

  it("refuses a layer without weights, and one that stays in float", () => {
    const { weights: _, ...bare } = layer;
    expect(() => quantizeLayer(bare, new LayerQuantConfig(), "mse", WIDTHS)).toThrow(
      InvalidArgumentError,
    );
    expect(() =>
      quantizeLayer(layer, new LayerQuantConfig({ weightBits: 32 }), "mse", WIDTHS),
    ).toThrow(/"a"/);
  });
});

describe("fingerprint", () => {
  it("tells contents, boundaries and order apart", () => {
    const prints = [
      fingerprint(),
      fingerprint(""),
      fingerprint("ab", "c"),
      fingerprint("a", "bc"),
      fingerprint("c", "ab"),
      fingerprint(Float32Array.of(1, 2)),
      fingerprint(Float32Array.of(2, 1)),
      fingerprint(Float32Array.of(1), Float32Array.of(2)),
    ];
    expect(new Set(prints).size).toBe(prints.length);
    expect(fingerprint(Float32Array.of(0, 1, 2).subarray(1))).toBe(
      fingerprint(Float32Array.of(1, 2)),
    );
    for (const print of prints) expect(print).toMatch(/^[0-9a-f]{16}$/);
  });
});
