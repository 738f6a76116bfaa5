import { describe, expect, it } from "vitest";
import { learnedAllocations } from "../../../src/engine/budget/learned-allocation.js";
import { MeasuredRecord } from "../../../src/engine/budget/measured-record.js";
import { resolveConfig } from "../../../src/engine/config.js";
import { exactSeeds, granularSettings } from "../../../src/engine/run/exact-seeds.js";
import { geneSpaceOf } from "../../../src/engine/run/gene-space-of.js";
import { createNoiseTable } from "../../../src/evaluation/noise/noise-table.js";
import { sensitivityPrior } from "../../../src/evaluation/sensitivity/sensitivity-prior.js";
import { uniformGenome } from "../../../src/evaluation/uniform-genome.js";
import { costModelFor } from "../../../src/hardware/registry.js";
import { Random } from "../../../src/random/random.js";
import { TINY_LAYERS } from "../fakes.js";
import { sampledEvaluator } from "./sampled-evaluator.js";

const model = { name: "tiny", layers: TINY_LAYERS, source: "user" as const };
const costModel = costModelFor("arm-neon");
const noiseTable = createNoiseTable(model, { per: "tensor" });
const space = geneSpaceOf(model, resolveConfig({ groupSizes: [32] }), costModel);
const PLACES = 3;

async function measuredRecord(): Promise<MeasuredRecord> {
  const evaluator = sampledEvaluator({ embedding: 0.1, attention: 4, ffn: 1, output: 2 });
  const layerPrior = { weights: sensitivityPrior(model), deviations: new Map<string, number>() };
  const record = new MeasuredRecord({
    model,
    noiseTable,
    layerPrior,
    baseline: evaluator.baseline,
  });
  for (const weightBits of [2, 3, 4] as const)
    for (const granularity of ["per-tensor", "per-channel"] as const) {
      const genome = uniformGenome(model, { weightBits, granularity });
      record.add({ genome, estimate: await evaluator.evaluate(genome, {}) });
    }
  return record;
}

describe("learnedAllocations", () => {
  it(
    "proposes the optima of the felt noise over all granularities, and those of the usual one " +
      "alone",
    async () => {
      const record = await measuredRecord();
      const keys = new Set(
        learnedAllocations(space, { model, costModel }, record, PLACES).map(({ key }) => key),
      );
      const optima = (settingsOf?: typeof granularSettings) =>
        exactSeeds({ model, costModel, noiseTable: record.weightedNoise, settingsOf })
          .sample({ space, count: 10 * PLACES, random: new Random(0) })
          .map((genes) => space.decode(genes).key);
      const [granular, usual] = [optima(granularSettings), optima()];
      for (const key of [...granular, ...usual]) expect(keys).toContain(key);
      // Neither holds the other.
      expect(granular.some((key) => !usual.includes(key))).toBe(true);
      expect(usual.some((key) => !granular.includes(key))).toBe(true);
    },
  );

  it("proposes nothing before anything was measured", () => {
    const layerPrior = { weights: sensitivityPrior(model), deviations: new Map<string, number>() };
    const record = new MeasuredRecord({ model, noiseTable, layerPrior, baseline: undefined });
    expect(learnedAllocations(space, { model, costModel }, record, PLACES)).toEqual([]);
  });
});
