import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../../src/engine/config.js";
import { exactSeeds } from "../../../src/engine/run/exact-seeds.js";
import { geneSpaceOf } from "../../../src/engine/run/gene-space-of.js";
import { layerSizeBytes } from "../../../src/evaluation/genome-size.js";
import { createNoiseTable } from "../../../src/evaluation/noise/noise-table.js";
import type { HardwareCostModel } from "../../../src/hardware/contract.js";
import { costModelFor } from "../../../src/hardware/registry.js";
import { modelFromLayers } from "../../../src/model/model-from-layers.js";
import { dominates } from "../../../src/pareto/dominates.js";
import { Random } from "../../../src/random/random.js";

const model = modelFromLayers(["embedding", "attention", "ffn", "output"]);
const costModel = costModelFor("arm-neon");
const noiseTable = createNoiseTable(model);
const space = geneSpaceOf(model, resolveConfig({ tiedLayers: [["attention", "ffn"]] }), costModel);

describe("exactSeeds", () => {
  it("are distinct, keep ties, and none beats another in noise and size", () => {
    const silent: HardwareCostModel = {
      target: "silent",
      supports: (layer, config) => costModel.supports(layer, config),
      estimate() {
        throw new Error("no idea");
      },
    };
    const seeds = exactSeeds({ model, noiseTable, costModel: silent })
      .sample({ space, count: 12, random: new Random(1) })
      .map((genes) => space.decode(genes));
    expect(seeds.length).toBeGreaterThan(4);
    expect(new Set(seeds.map((genome) => genome.key)).size).toBe(seeds.length);
    const points = seeds.map((genome) => {
      let [noise, size] = [0, 0];
      for (const layer of model.layers) {
        const config = genome.layerConfigs.get(layer.name)!;
        noise += noiseTable.weightNoise(layer.name, config, genome.calibrationMethodOf(layer.name));
        size += layerSizeBytes(layer, config);
      }
      return [noise, size];
    });
    for (const a of points) for (const b of points) expect(dominates(a, b)).toBe(false);
    for (const genome of seeds)
      expect(genome.layerConfigs.get("attention")!.weightBits).toBe(
        genome.layerConfigs.get("ffn")!.weightBits,
      );
  });

  it("read the cost model where it answers", () => {
    const seeds = exactSeeds({ model, noiseTable, costModel })
      .sample({ space, count: 6, random: new Random(1) })
      .map((genes) => space.decode(genes));
    expect(seeds.length).toBeGreaterThan(1);
    const mixed = seeds.filter(
      (genome) => new Set([...genome.layerConfigs.values()].map((c) => c.weightBits)).size > 1,
    );
    expect(mixed.length).toBeGreaterThan(0);
  });
});
