import { expect, it } from "vitest";
import { SensitivityAnalysis } from "../../../src/engine/sensitivity/sensitivity-analysis.js";
import { createNoiseTable } from "../../../src/evaluation/noise/noise-table.js";
import { weightNoise } from "../../../src/evaluation/sensitivity/weight-noise.js";
import { Random } from "../../../src/random/random.js";
import { layer } from "../../evaluation/small-models.js";

it("divides loss increases by the noise that exact seeds read, whatever their table", async () => {
  const random = new Random("harms");
  // Two loud channels, and quiet ones that an outlier each stretches the scale of.
  const weights = Float64Array.from({ length: 16 * 64 }, (_, i) =>
    i < 128 ? 10 * random.normal() : i % 64 === 0 ? 3 : 0.03 * random.normal(),
  );
  const model = {
    name: "two",
    source: "user" as const,
    layers: [
      layer("quiet", 16, 64, { weights: Float32Array.from(weights) }),
      layer("plain", 16, 64, { weights: Float32Array.from(weights, () => random.normal()) }),
    ],
  };
  const seedNoise = createNoiseTable(model, { per: "tensor" });
  const lossIncreases = new Map([
    ["quiet", 0.1],
    ["plain", 0.2],
  ]);
  const analysis = new SensitivityAnalysis({
    config: { useSensitivityAnalysis: true, parallelEvaluations: 1 },
    custom: { name: "told", kind: "predicted", lossIncreases: async () => lossIncreases },
    context: { model } as never,
    noiseTable: createNoiseTable(model),
    seedNoise,
    measureSingleLayers: undefined,
    maxEvaluations: undefined,
  });
  const { signal } = new AbortController();
  const { noiseWeights } = (await analysis.analyze(undefined as never, signal))!;
  const noise = await weightNoise({ noiseTable: seedNoise }).lossIncreases(model, {
    concurrency: 1,
    signal,
  });
  // Only ratios count.
  const predicted = (name: string) => noiseWeights.get(name)! * noise.get(name)!;
  expect(predicted("quiet") / predicted("plain")).toBeCloseTo(0.5, 9);
});
