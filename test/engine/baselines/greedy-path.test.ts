import { describe, expect, it } from "vitest";
import { greedyPath } from "../../../src/engine/baselines/greedy-path.js";
import { resolveConfig } from "../../../src/engine/config.js";
import { granularSettings } from "../../../src/engine/run/exact-seeds.js";
import { geneSpaceOf } from "../../../src/engine/run/gene-space-of.js";
import { genomeSizeBytes } from "../../../src/evaluation/genome-size.js";
import { createNoiseTable } from "../../../src/evaluation/noise/noise-table.js";
import { costModelFor } from "../../../src/hardware/registry.js";
import { modelFromLayers } from "../../../src/model/model-from-layers.js";

const model = modelFromLayers(["attention", "ffn", "output"]);
const config = resolveConfig({ minBits: 2, weightBitChoices: [2, 4, 8], groupSizes: [32] });
const space = geneSpaceOf(model, config, costModelFor("intel-vnni"));
const noiseTable = createNoiseTable(model, { maxElements: 256 });

describe("greedyPath", () => {
  it("goes from the widest to the narrowest, each step one layer by one width", () => {
    const path = greedyPath(space, model, noiseTable, new Map(), 100);
    expect(path).toHaveLength(1 + 2 * model.layers.length);
    const sizes = path.map((genome) => genomeSizeBytes(model, genome));
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    for (const [i, genome] of path.entries()) {
      if (i === 0) continue;
      const changed = model.layers.filter(
        ({ name }) => !genome.layerConfigs.get(name)!.equals(path[i - 1]!.layerConfigs.get(name)!),
      );
      expect(changed).toHaveLength(1);
    }
    for (const { name } of model.layers) {
      expect(path[0]!.layerConfigs.get(name)!.weightBits).toBe(8);
      expect(path.at(-1)!.layerConfigs.get(name)!.weightBits).toBe(2);
    }
  });

  it("takes bits from the layer that is least sensitive first, and thins the way to the count", () => {
    const sensitive = new Map(model.layers.map(({ name }) => [name, name === "ffn" ? 1e-6 : 1]));
    const [, first] = greedyPath(space, model, noiseTable, sensitive, 100);
    expect(first!.layerConfigs.get("ffn")!.weightBits).toBe(4);
    const thinned = greedyPath(space, model, noiseTable, sensitive, 3);
    expect(thinned).toHaveLength(3);
    expect(thinned[2]!.layerConfigs.get("output")!.weightBits).toBe(2);
    expect(greedyPath(space, model, noiseTable, sensitive, 1)).toHaveLength(1);
  });
});

describe("granularSettings", () => {
  it("are every width with every granularity and group size of the space", () => {
    const layer = space.layers.get("ffn")!;
    const settings = granularSettings(layer);
    const grains = settings.map(({ weightBits, granularity, groupSize }) =>
      [weightBits, granularity, granularity === "per-group" ? groupSize : 0].join(),
    );
    expect(new Set(grains).size).toBe(grains.length);
    expect(grains.length).toBe(
      layer.weightBits.length *
        (layer.granularities.length -
          1 +
          (layer.granularities.includes("per-group") ? layer.groupSizes.length : 1)),
    );
  });
});
