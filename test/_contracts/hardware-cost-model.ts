import { describe, expect, it } from "vitest";
import { uniformGenome as uniform } from "../../src/evaluation/uniform-genome.js";
import type { LayerQuantConfigFields } from "../../src/genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import type { HardwareCostModel } from "../../src/hardware/contract.js";
import type { ModelSpec } from "../../src/model/layer-spec.js";
import { contractGenome, contractModel } from "../../src/testing/contract-model.js";
import { hardwareCostModelContract } from "../../src/testing/index.js";
import { describeContract } from "./describe-contract.js";

export { contractModel };

/**
 * A genome that gives every layer of a model the same settings, balanced and symmetric unless told
 * otherwise.
 */
export function uniformGenome(
  model: ModelSpec,
  fields: Partial<LayerQuantConfigFields> = {},
): QuantizationGenome {
  return uniform(model, { activationScheme: "symmetric", ...fields });
}

/** What every cost model keeps, and what ours keep besides: they say which argument is wrong. */
export function describeHardwareCostModel(name: string, create: () => HardwareCostModel): void {
  describeContract(`${name} is a HardwareCostModel`, hardwareCostModelContract(create));
  describe(`${name} is a cost model of this library`, () => {
    const costModel = create();

    it("names what is no model or no genome", () => {
      const genome = contractGenome();
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

    it("names a layer that the genome lacks", () => {
      const genome = contractGenome().with({ layerConfigs: { ffn: {} } });
      expect(() => costModel.estimate(contractModel, genome)).toThrow(/embedding/);
    });

    it("stores the float parameters of a model as float32", () => {
      const { storedBytes, layers } = costModel.estimate(contractModel, contractGenome());
      expect(storedBytes).toBe(layers.reduce((sum, layer) => sum + layer.storedBytes, 0) + 40);
    });
  });
}
