import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { genomeNoise, noisePrior, weightedNoise } from "../../../src/engine/budget/genome-noise.js";
import { createNoiseTable } from "../../../src/evaluation/noise/noise-table.js";
import {
  LayerQuantConfig as Config,
  type LayerQuantConfig,
  QuantizationGenome,
} from "../../../src/index.js";
import { modelFromLayers } from "../../../src/model/model-from-layers.js";

const NAMES = ["attention", "ffn", "output"];
const model = modelFromLayers(NAMES);
const table = createNoiseTable(model, { per: "tensor", maxElements: 256 });
const weights = new Map([
  ["attention", 0.5],
  ["ffn", 0.3],
  ["output", 0.2],
]);
const config = fc
  .record({
    weightBits: fc.constantFrom(2, 4, 8, 32),
    granularity: fc.constantFrom("per-tensor", "per-channel", "per-group"),
  })
  .map(
    (fields): LayerQuantConfig =>
      new Config({ ...fields, activationBits: 8, groupSize: 16 } as never),
  );
const genome = fc
  .array(config, { minLength: 3, maxLength: 3 })
  .map(
    (configs) =>
      new QuantizationGenome({ layerConfigs: new Map(configs.map((one, i) => [NAMES[i]!, one])) }),
  );

describe("genomeNoise", () => {
  it(
    "has a source for each layer's weights and activation, and for what is cut per tensor and " +
      "per group",
    () => {
      fc.assert(
        fc.property(genome, (one) => {
          const noise = genomeNoise(model, table, weights, one);
          const prior = noisePrior(model, { weights, deviations: new Map([["ffn", 0.2]]) });
          expect(noise).toHaveLength(prior.sensitivity.length);
          expect([...prior.deviation.subarray(0, 3)]).toEqual([1, 0.2, 1]);
          expect([...prior.sensitivity.subarray(0, 3)]).toEqual([...weights.values()]);
          const sums = { "per-tensor": 0, "per-group": 0, "per-channel": 0 };
          for (const [i, name] of NAMES.entries()) {
            const own = one.layerConfigs.get(name)!;
            const power = table.weightNoise(name, own, one.calibrationMethodOf(name));
            expect(noise[i]).toBe(power);
            expect(noise[3 + i]).toBeGreaterThan(0);
            sums[own.granularity] += power * weights.get(name)!;
          }
          expect(noise[6]).toBeCloseTo(sums["per-tensor"], 12);
          expect(noise[7]).toBeCloseTo(sums["per-group"], 12);
        }),
      );
    },
  );

  it("adds up to what the table of felt noise says of the layers", () => {
    const sensitivity = fc.array(fc.double({ min: 0, max: 5, noNaN: true }), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(genome, sensitivity, (one, values) => {
        const learned = Float64Array.from(values);
        const felt = weightedNoise(model, table, weights, learned);
        const noise = genomeNoise(model, table, weights, one);
        let whole = 0;
        for (const k of [0, 1, 2, 6, 7]) whole += learned[k]! * noise[k]!;
        let sum = 0;
        for (const name of NAMES)
          sum += felt.weightNoise(name, one.layerConfigs.get(name)!, one.calibrationMethodOf(name));
        expect(sum).toBeCloseTo(whole, 9);
      }),
    );
  });
});
