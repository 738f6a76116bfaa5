import { describe, expect, it } from "vitest";
import { ACTIVATION_BITS, WEIGHT_BITS } from "../../src/genes/bits.js";
import {
  LayerQuantConfig,
  type LayerQuantConfigFields,
} from "../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import type { CostEstimate, HardwareCostModel } from "../../src/hardware/contract.js";
import type { LayerSpec, ModelSpec } from "../../src/model/layer-spec.js";
import { QuantizationGranularity, QuantizationScheme } from "../../src/quantization/scheme.js";

/**
 * A genome that gives every layer of a model the same settings, balanced and symmetric unless told
 * otherwise.
 */
export function uniformGenome(
  model: ModelSpec,
  fields: Partial<LayerQuantConfigFields> = {},
): QuantizationGenome {
  const config = new LayerQuantConfig({ activationScheme: "symmetric", ...fields });
  return new QuantizationGenome({
    layerConfigs: new Map(model.layers.map((layer) => [layer.name, config])),
  });
}

/**
 * A small model with every kind of layer whose cost differs; without weights, as a cost model needs
 * none.
 */
export const contractModel: ModelSpec = {
  name: "contract",
  source: "user",
  floatParameterCount: 10,
  layers: [
    layer("embedding", "embedding", 1_000_000, 0, [1, 64], [1, 64, 256]),
    layer("__proto__", "attention", 196_608, 14_000_000, [1, 64, 256], [1, 64, 256]),
    layer("ffn", "matmul", 262_144, 16_777_216, [1, 64, 256], [1, 64, 1024]),
    layer("conv", "conv", 589_824, 115_605_504, [1, 256, 14, 14], [1, 256, 14, 14]),
    layer("pointwise", "conv", 65_536, 12_845_056, [1, 256, 14, 14], [1, 256, 14, 14]),
    layer("depthwise", "depthwise-conv", 2_304, 451_584, [1, 256, 14, 14], [1, 256, 14, 14]),
    layer("recurrent", "recurrent", 65_536, 4_194_304, [1, 64, 256], [1, 64, 256]),
    layer("head", "gemm", 2_097_152, 2_097_152, [1, 2048], [1, 1024]),
  ],
};

/**
 * What every {@link HardwareCostModel} must do: run it on a built-in target or on a model of your
 * own.
 */
export function describeHardwareCostModel(name: string, create: () => HardwareCostModel): void {
  describe(`${name} keeps the contract of a hardware cost model`, () => {
    const costModel = create();
    const cost = (fields?: Partial<LayerQuantConfigFields>) =>
      costModel.estimate(contractModel, uniformGenome(contractModel, fields));

    it("has a target and says where its numbers come from", () => {
      expect(costModel.target.length).toBeGreaterThan(0);
      expect(cost().source.length).toBeGreaterThan(0);
      expect(["predicted", "measured"]).toContain(cost().kind);
    });

    it("names what is no model or no genome", () => {
      const genome = uniformGenome(contractModel);
      const others = [undefined, null, 7, "all 8", {}, [genome], { layerConfigs: { ffn: 8 } }];
      for (const other of others) {
        const of = (path: string) =>
          expect.objectContaining({
            code: "INVALID_ARGUMENT",
            path,
            message: expect.stringMatching(new RegExp(`^${path} is .*; allowed: a`)),
          });
        expect(() => costModel.estimate(contractModel, other as never)).toThrow(of("genome"));
        expect(() => costModel.estimate(other as never, genome)).toThrow(of("model"));
      }
    });

    it("costs every width, scheme and granularity with finite positive numbers that add up", () => {
      for (const weightBits of WEIGHT_BITS)
        for (const activationBits of ACTIVATION_BITS)
          for (const weightScheme of Object.values(QuantizationScheme))
            for (const granularity of Object.values(QuantizationGranularity))
              checkEstimate(cost({ weightBits, activationBits, weightScheme, granularity }));
    });

    it("explains exactly what is not native, and lists what is refused", () => {
      for (const weightBits of WEIGHT_BITS)
        for (const weightScheme of Object.values(QuantizationScheme)) {
          const config = new LayerQuantConfig({ weightBits, weightScheme });
          const estimate = costModel.estimate(
            contractModel,
            uniformGenome(contractModel, {
              weightBits,
              weightScheme,
              activationScheme: "asymmetric",
            }),
          );
          contractModel.layers.forEach((spec, index) => {
            const support = costModel.supports(spec, config);
            expect(estimate.layers[index]?.support).toEqual(support);
            expect(support.reasons.length === 0).toBe(support.status === "native");
          });
          const refused = estimate.layers.filter((one) => one.support.status === "refused");
          expect(estimate.refusedLayers).toEqual(refused.map((one) => one.name));
          expect(estimate.notes.length === 0).toBe(
            estimate.layers.every((one) => one.support.status === "native"),
          );
        }
    });

    it("is a function of its arguments", () => {
      expect(cost({ weightBits: 4 })).toEqual(cost({ weightBits: 4 }));
      expect(
        create().estimate(contractModel, uniformGenome(contractModel, { weightBits: 4 })),
      ).toEqual(cost({ weightBits: 4 }));
    });

    it("makes uniform int8 cheaper than float32 in time, energy, storage and memory", () => {
      const int8 = cost({ weightBits: 8, activationBits: 8 });
      const float32 = cost({ weightBits: 32, activationBits: 32 });
      expect(int8.latencyMs).toBeLessThan(float32.latencyMs);
      expect(int8.energyMj).toBeLessThan(float32.energyMj);
      expect(int8.storedBytes).toBeLessThan(float32.storedBytes);
      expect(int8.memoryFootprintMb).toBeLessThan(float32.memoryFootprintMb);
    });

    it("never stores more for fewer bits", () => {
      for (const granularity of Object.values(QuantizationGranularity)) {
        let before = 0;
        for (const weightBits of [1, 1.58, 2, 3, 4, 5, 6, 8, 16] as const) {
          const { storedBytes } = cost({ weightBits, granularity });
          expect(storedBytes).toBeGreaterThanOrEqual(before);
          before = storedBytes;
        }
      }
    });

    it("names a layer that the genome lacks", () => {
      const genome = new QuantizationGenome({ layerConfigs: { ffn: {} } });
      expect(() => costModel.estimate(contractModel, genome)).toThrow(/embedding/);
    });
  });
}

function checkEstimate(estimate: CostEstimate): void {
  const { latencyMs, energyMj, memoryFootprintMb, storedBytes, layers } = estimate;
  for (const value of [latencyMs, energyMj, memoryFootprintMb, storedBytes])
    if (!(Number.isFinite(value) && value > 0)) throw new Error(`a cost is ${value}`);
  if (storedBytes > memoryFootprintMb * 1e6) throw new Error("memory is less than what is stored");
  let sumMs = 0;
  let sumMj = 0;
  let sumBytes = 0;
  for (const one of layers) {
    sumMs += one.latencyMs;
    sumMj += one.energyMj;
    sumBytes += one.storedBytes;
    if (!(one.latencyMs > 0 && one.energyMj > 0 && one.storedBytes > 0))
      throw new Error(`layer ${one.name} costs nothing`);
  }
  expect(layers.map((one) => one.name)).toEqual(contractModel.layers.map((spec) => spec.name));
  // A graph may cost more than its layers, never less.
  expect(latencyMs).toBeGreaterThanOrEqual(sumMs * (1 - 1e-12));
  expect(energyMj).toBeGreaterThanOrEqual(sumMj * (1 - 1e-12));
  expect(storedBytes).toBe(sumBytes + 40);
}

function layer(
  name: string,
  kind: LayerSpec["kind"],
  parameterCount: number,
  macs: number,
  inputShape: readonly number[],
  outputShape: readonly number[],
): LayerSpec {
  return { name, kind, parameterCount, macs, inputShape, outputShape };
}
