import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNoiseTable } from "../../src/evaluation/noise/noise-table.js";
import {
  activationCalibrationOptions,
  weightCalibrationOptions,
} from "../../src/genome/calibration-options.js";
import { activationCode, weightCode } from "../../src/genome/genome-key.js";
import { LayerQuantConfig } from "../../src/genome/layer-quant-config.js";
import type { LayerSpec, ModelSpec } from "../../src/model/layer-spec.js";
import { layerFields, methods } from "./arbitraries.js";

const configs = layerFields.map((fields) => new LayerQuantConfig(fields));

const layout = { shape: [6, 4, 10], channelAxis: 1, groupAxis: 2 };

describe("weightCalibrationOptions", () => {
  it("says the axis, the group size and the range of a layer's settings", () => {
    const config = new LayerQuantConfig({ weightBits: 4, groupSize: 16 });
    expect(weightCalibrationOptions(layout, config, "mse")).toEqual({
      bits: 4,
      scheme: "symmetric",
      method: "mse",
      granularity: "per-channel",
      axis: 1,
      groupSize: 0,
      shape: [6, 4, 10],
      narrowRange: true,
    });
    const grouped = config.with({ granularity: "per-group", useSymmetric: false });
    expect(weightCalibrationOptions(layout, grouped, "mse")).toMatchObject({
      granularity: "per-group",
      axis: 2,
      groupSize: 16,
      narrowRange: false,
    });
    const asymmetric = config.with({ weightScheme: "asymmetric" });
    expect(weightCalibrationOptions(layout, asymmetric, "mse")).toMatchObject({
      scheme: "asymmetric",
      narrowRange: false,
    });
    const float = config.with({ weightBits: 32 });
    expect(weightCalibrationOptions(layout, float, "mse")).toBeUndefined();
  });

  it("is the same for settings that quantize alike, so that no order of asking shows", () => {
    fc.assert(
      fc.property(configs, configs, methods, methods, (a, b, m, n) => {
        // Binary and ternary weights have no method.
        const of = (config: LayerQuantConfig, method: typeof m) => {
          const options = weightCalibrationOptions(layout, config, method);
          return options && { ...options, ...(options.bits < 2 && { method: "" }) };
        };
        const near = a.with({ activationBits: b.activationBits, groupSize: b.groupSize });
        for (const other of [b, near, a.with({ weightScheme: b.weightScheme })])
          if (weightCode(a, m) === weightCode(other, n)) expect(of(other, n)).toEqual(of(a, m));
      }),
    );
  });
});

describe("activationCalibrationOptions", () => {
  it("says width, scheme and method, and nothing of float32", () => {
    const config = new LayerQuantConfig({ activationBits: 16, activationScheme: "power-of-two" });
    expect(activationCalibrationOptions(config, "entropy")).toEqual({
      bits: 16,
      scheme: "power-of-two",
      method: "entropy",
    });
    expect(activationCalibrationOptions(config.with({ activationBits: 32 }), "mse")).toBe(
      undefined,
    );
    fc.assert(
      fc.property(configs, configs, methods, (a, b, method) => {
        if (activationCode(a, method) === activationCode(b, method))
          expect(activationCalibrationOptions(b, method)).toEqual(
            activationCalibrationOptions(a, method),
          );
      }),
    );
  });
});

describe("a noise table", () => {
  it("has one noise of ternary weights, whatever scheme was asked for first", () => {
    const layer: LayerSpec = {
      ...{ name: "a", kind: "gemm", parameterCount: 64, macs: 64 },
      ...{ inputShape: [8], outputShape: [8] },
    };
    const model: ModelSpec = { name: "m", layers: [layer], source: "user" };
    const ternary = new LayerQuantConfig({ weightBits: 1.58 });
    const powers = ternary.with({ weightScheme: "power-of-two" });
    expect(createNoiseTable(model).weightNoise("a", powers, "mse")).toBe(
      createNoiseTable(model).weightNoise("a", ternary, "mse"),
    );
  });
});
