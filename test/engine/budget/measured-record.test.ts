import { expect, it } from "vitest";
import type { LayerPrior } from "../../../src/engine/budget/genome-noise.js";
import { MeasuredRecord } from "../../../src/engine/budget/measured-record.js";
import { createNoiseTable } from "../../../src/evaluation/noise/noise-table.js";
import { uniformGenome } from "../../../src/evaluation/uniform-genome.js";
import { TINY_LAYERS } from "../fakes.js";
import { sampledEvaluator } from "./sampled-evaluator.js";

const model = { name: "tiny", layers: TINY_LAYERS, source: "user" as const };
const noiseTable = createNoiseTable(model, { per: "tensor" });
const genomes = ([2, 3, 4, 5, 6] as const).flatMap((weightBits) =>
  (["per-tensor", "per-channel"] as const).map((granularity) =>
    uniformGenome(model, { weightBits, granularity }),
  ),
);

const prior = (weights: readonly number[]): LayerPrior => ({
  weights: new Map(TINY_LAYERS.map(({ name }, i) => [name, weights[i]!])),
  deviations: new Map(TINY_LAYERS.map(({ name }) => [name, 0.2])),
});

it("a new layer prior holds for what was measured before, too", async () => {
  const evaluator = sampledEvaluator({ embedding: 0.1, attention: 4, ffn: 1, output: 2 });
  const recordWith = (layerPrior: LayerPrior) =>
    new MeasuredRecord({ model, noiseTable, layerPrior, baseline: evaluator.baseline });
  const [first, second] = [prior([1, 1, 1, 1]), prior([0.01, 3, 0.5, 1])];
  const [changed, fresh] = [recordWith(first), recordWith(second)];
  for (const genome of genomes) {
    const estimate = await evaluator.evaluate(genome, {});
    for (const record of [changed, fresh]) record.add({ genome, estimate });
  }
  const before = changed.lossModel();
  changed.layerPrior = second;
  expect(changed.lossModel().sensitivity).not.toEqual(before.sensitivity);
  expect(changed.lossModel().sensitivity).toEqual(fresh.lossModel().sensitivity);
  for (const genome of genomes) {
    const noise = fresh.noiseOf(genome);
    expect(changed.noiseOf(genome)).toEqual(noise);
    expect(changed.lossModel().predict(noise)).toEqual(fresh.lossModel().predict(noise));
  }
});
