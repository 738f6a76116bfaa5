import { describe, expect, it } from "vitest";
import { exportToString } from "../../src/export.js";
import { GENE_KINDS } from "../../src/genes/gene-kinds.js";
import { REGION_FORMAT, regionFormat } from "../../src/genes/region-format.js";
import { parseQuantizationConfig, QuantizationEvolutionEngine } from "../../src/index.js";
import { modelFromLayers } from "../../src/model/model-from-layers.js";

const plain = modelFromLayers(["embedding", "attention", "ffn", "output"]);
const model = {
  ...plain,
  regions: [
    { name: "sum", operators: ["Add"], layers: ["attention", "ffn"], automatic: "integer" },
    { name: "gate", operators: ["Mul"], layers: ["ffn", "output"], automatic: "float" },
  ] as const,
};

describe("the gene regionFormat", () => {
  it("is one for each region: what the profile says, or the other way", () => {
    expect(GENE_KINDS).toContain(regionFormat);
    expect(regionFormat.places(plain)).toEqual([]);
    expect(regionFormat.places(model)).toEqual([
      { owner: "sum", layers: ["attention", "ffn"], choices: ["auto", "float"] },
      { owner: "gate", layers: ["ffn", "output"], choices: ["auto", "integer"] },
    ]);
  });

  it("is searched over, part of a genome's key and of its documents", async () => {
    const config = { seed: 1, populationSize: 16, maxGenerations: 8 };
    const { paretoFront } = await new QuantizationEvolutionEngine(config).runEvolution(model);
    const genome = paretoFront.find(({ geneValues }) => geneValues.has(REGION_FORMAT));
    expect(genome).toBeDefined();
    expect(genome!.with({ geneValues: new Map() }).key).not.toBe(genome!.key);
    const read = parseQuantizationConfig(exportToString(genome!, "json"));
    expect(read.key).toBe(genome!.key);
    const without = await new QuantizationEvolutionEngine(config).runEvolution(plain);
    expect(without.paretoFront.every(({ geneValues }) => geneValues.size === 0)).toBe(true);
  });
});
