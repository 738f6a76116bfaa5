import { describe, expect, it } from "vitest";
import { calibrate } from "../../src/calibration/index.js";
import type { ActivationFormats } from "../../src/deploy/activation-formats.js";
import { plannedActivations, plannedWeights } from "../../src/deploy/deployment-plan.js";
import type { Placement } from "../../src/deploy/placement.js";
import { needsRanges } from "../../src/deploy/plan-activations.js";
import { planDeployment } from "../../src/deploy/plan-deployment.js";
import { LayerQuantizer } from "../../src/deploy/quantize-layer.js";
import { codeStorage } from "../../src/deploy/storage.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { activationCalibrationOptions } from "../../src/genome/calibration-options.js";
import {
  LayerQuantConfig,
  type LayerQuantConfigFields,
} from "../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import type { LayerSpec } from "../../src/model/layer-spec.js";
import { dequantize, fakeQuantize, unpackBits } from "../../src/quantization/index.js";
import { Random } from "../../src/random/random.js";

function normals(label: string, count: number): Float32Array {
  const random = new Random(label);
  return Float32Array.from({ length: count }, () => random.normal());
}

const layer = (name: string): LayerSpec => ({
  ...{ name, kind: "gemm", parameterCount: 64, macs: 64, inputShape: [1, 8], outputShape: [1, 8] },
  weights: normals(name, 64),
  weightLayout: { shape: [8, 8], channelAxis: 0, groupAxis: 1 },
});
const model = { layers: [layer("a"), layer("b"), layer("c")] };

/**
 * The graph x -> a -> h; b and c read h; their outputs p and q are joined, so that they have one
 * range, and are read by an operator that has no weights.
 */
const placement: Placement = {
  weights: ["a", "b", "c"].map((name) => ({
    ...{ layer: name, tensor: `${name}.w`, floatType: name === "c" ? "float16" : "float32" },
  })),
  activations: [
    { tensor: "x", layer: "a", range: "x", readers: [{ operator: "h", input: 0 }] },
    { tensor: "h", layer: "b", range: "h", readers: [{ operator: "p", input: 0 }] },
    { tensor: "h", layer: "c", range: "h", readers: [{ operator: "q", input: 0 }] },
    { tensor: "p", layer: "b", range: "joined", readers: [{ operator: "y", input: 0 }] },
    { tensor: "q", layer: "c", range: "joined", readers: [{ operator: "y", input: 1 }] },
  ],
  floats: [{ role: "bias", tensor: "a.b", floatType: "float32", reason: "added in float" }],
};

/** Each value is as wide as its name says. */
const SPREAD: Readonly<Record<string, number>> = { x: 1, h: 2, joined: 5 };
const ranges: ActivationFormats = {
  format: (range, config, method) => {
    const request = activationCalibrationOptions(config, method)!;
    const params = calibrate(Float32Array.of(-SPREAD[range]!, SPREAD[range]!), request);
    const storage = codeStorage(params.bits, params.signed, [8, 16]);
    return { params, storage, floatType: "float32", float16Scale: false };
  },
};

function genomeOf(
  settings: Readonly<Record<string, Partial<LayerQuantConfigFields>>>,
): QuantizationGenome {
  const layerConfigs = new Map(
    ["a", "b", "c"].map((name) => [name, new LayerQuantConfig(settings[name])]),
  );
  return new QuantizationGenome({ layerConfigs, calibrationMethod: "min-max" });
}

const plan = (settings: Parameters<typeof genomeOf>[0], given?: ActivationFormats) =>
  planDeployment(model, placement, genomeOf(settings), {
    quantizer: new LayerQuantizer([2, 4, 8, 16]),
    ranges: given,
  });

describe("planDeployment", () => {
  it("has codes that mean the quantized weights, in the narrowest integers of the format", () => {
    const found = plan(
      { a: { weightBits: 3 }, b: { weightBits: 1.58 }, c: { weightBits: 8 } },
      ranges,
    );
    const weights = plannedWeights(found);
    expect(weights.map(({ tensor, layer, role }) => [tensor, layer, role])).toEqual([
      ["a.w", "a", "weight"],
      ["b.w", "b", "weight"],
      ["c.w", "c", "weight"],
    ]);
    expect(weights.map(({ storage }) => storage.bits)).toEqual([4, 2, 8]);
    for (const [i, { parameters, storage, codes }] of weights.entries()) {
      const unpacked = unpackBits(codes, storage.bits, 64, storage.signed);
      expect(dequantize(unpacked, parameters)).toEqual(
        fakeQuantize(model.layers[i]!.weights!, parameters),
      );
    }
    expect(weights.map(({ storage }) => storage.floatType)).toEqual([
      "float32",
      "float32",
      "float16",
    ]);
    expect(weights.map(({ storage }) => storage.float16Scale)).toEqual([false, false, true]);
  });

  it("has one entry for readers that take a value in one format, else one for each", () => {
    const same = plannedActivations(plan({}, ranges)).filter(({ tensor }) => tensor === "h");
    expect(same).toHaveLength(1);
    expect(same[0]!.readers).toEqual([
      { operator: "p", input: 0, layer: "b" },
      { operator: "q", input: 0, layer: "c" },
    ]);
    const mixed = plannedActivations(plan({ c: { activationBits: 16 } }, ranges));
    const read = mixed.filter(({ tensor }) => tensor === "h");
    expect(read.map(({ parameters, readers }) => [parameters.bits, readers[0]!.layer])).toEqual([
      [8, "b"],
      [16, "c"],
    ]);
  });

  it("gives values that share a range the same parameters", () => {
    const activations = plannedActivations(plan({}, ranges));
    const of = (name: string) => activations.find(({ tensor }) => tensor === name)!;
    expect(of("p").parameters).toEqual(of("q").parameters);
    expect(of("p").parameters.scale[0]).toBeGreaterThan(2 * of("h").parameters.scale[0]!);
    expect(of("p").readers).toEqual([{ operator: "y", input: 0, layer: "b" }]);
    expect(of("q").readers).toEqual([{ operator: "y", input: 1, layer: "c" }]);
  });

  it("says what stays in float, and why", () => {
    const found = plan({ a: { weightBits: 32 }, b: { activationBits: 32 } }, ranges);
    const floats = found.filter(({ format }) => format === "float");
    expect(floats).toMatchObject([
      { tensor: "a.w", role: "weight", layer: "a", reason: expect.stringMatching(/genome/) },
      { tensor: "h", role: "activation", layer: "b", reason: expect.stringMatching(/genome/) },
      { tensor: "p", role: "activation", layer: "b" },
      { tensor: "a.b", role: "bias", storage: { floatType: "float32" }, reason: "added in float" },
    ]);
    expect(found).toHaveLength(3 + 5 + 1);
  });

  it("is plain data", () => {
    const found = plan({ b: { weightBits: 32 } }, ranges);
    expect(structuredClone(found)).toEqual(found);
  });

  it("takes weights that are quantized already", () => {
    const config = new LayerQuantConfig();
    const ready = new LayerQuantizer([8]).quantize(model.layers[0]!, config, "min-max");
    const found = planDeployment(model, placement, genomeOf({}), {
      quantizer: new LayerQuantizer([8]),
      ranges,
      ready: new Map([["a", ready]]),
    });
    expect(plannedWeights(found)[0]!.codes).toBe(ready.data);
    expect(plannedWeights(found)[1]!.codes).not.toBe(ready.data);
  });

  it("refuses a genome of another model, and missing ranges where they are needed", () => {
    const other = new QuantizationGenome({ layerConfigs: { a: {}, b: {}, c: {}, d: {} } });
    const options = { quantizer: new LayerQuantizer([8]), ranges };
    expect(() => planDeployment(model, placement, other, options)).toThrow(/no layer "d"; allowed/);
    const few = new QuantizationGenome({ layerConfigs: { a: {}, b: {} } });
    expect(() => planDeployment(model, placement, few, options)).toThrow(/layer "c"/);
    expect(() => plan({})).toThrow(InvalidArgumentError);
    const float = { activationBits: 32 } as const;
    const none = { a: float, b: float, c: float };
    expect(plannedActivations(plan(none))).toEqual([]);
    expect(needsRanges(placement, genomeOf(none))).toBe(false);
    expect(needsRanges(placement, genomeOf({ ...none, b: {} }))).toBe(true);
  });
});

describe("codeStorage", () => {
  it("takes the narrowest width that holds the codes", () => {
    const widths = [2, 4, 8, 16] as const;
    const found = ([1, 1.58, 2, 3, 4, 5, 6, 8, 16] as const).map(
      (bits) => codeStorage(bits, true, widths).bits,
    );
    expect(found).toEqual([2, 2, 2, 4, 4, 8, 8, 8, 16]);
    expect(codeStorage(4, false, [8, 16])).toEqual({ bits: 8, signed: false });
    expect(codeStorage(3, true, [3, 4])).toEqual({ bits: 3, signed: true });
  });
});
