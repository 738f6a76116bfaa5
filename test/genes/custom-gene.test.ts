import { describe, expect, it } from "vitest";
import { explanationToString } from "../../src/evaluation/index.js";
import { archiveToString } from "../../src/export.js";
import type { GeneKind } from "../../src/genes/gene-kind.js";
import {
  exportToString,
  parseArchive,
  parseQuantizationConfig,
  QuantizationEvolutionEngine,
  QuantizationGenome,
} from "../../src/index.js";
import { modelFromLayers } from "../../src/model/model-from-layers.js";

/**
 * A gene that src/ knows nothing of: whether a layer's biases are kept in float16. This file is all
 * that it takes.
 */
const float16Bias: GeneKind = {
  name: "float16Bias",
  default: false,
  ordered: false,
  share: 4,
  places: (model) =>
    model.layers.map(({ name }) => ({ owner: name, layers: [name], choices: [false, true] })),
  sizeBytes: (model, owner, value) => {
    const channels = model.layers.find(({ name }) => name === owner)?.outputShape.at(-1) ?? 0;
    return value ? -2 * channels : 0;
  },
};

const model = modelFromLayers(["embedding", "attention", "ffn", "output"]);
const engine = () =>
  new QuantizationEvolutionEngine(
    { seed: 1, populationSize: 12, maxGenerations: 6 },
    { genes: [float16Bias] },
  );

describe("a gene that is declared outside of src/", () => {
  it("is searched over, and counts in the size", async () => {
    const { paretoFront } = await engine().runEvolution(model);
    const used = paretoFront.filter((genome) => genome.geneValues.has("float16Bias"));
    expect(used.length).toBeGreaterThan(0);
    const [genome] = used as [QuantizationGenome];
    const without = genome.with({ geneValues: new Map() });
    expect(without.key).not.toBe(genome.key);
    const own = engine();
    const [a, b] = await own.evaluateGenomes(model, [genome.with({}), without]);
    const saved = [...genome.geneValues.get("float16Bias")!.keys()].reduce(
      (sum, owner) => sum - float16Bias.sizeBytes!(model, owner, true),
      0,
    );
    expect(saved).toBeGreaterThan(0);
    expect(b!.metrics!.sizeBytes - a!.metrics!.sizeBytes).toBe(saved);
  });

  it("is stored in documents and read back, and survives mutation and crossover", async () => {
    const { paretoFront } = await engine().runEvolution(model);
    const genome = paretoFront.find(({ geneValues }) => geneValues.size > 0)!;
    for (const format of ["json", "yaml"] as const) {
      const read = parseQuantizationConfig(exportToString(genome, format));
      expect(read.key).toBe(genome.key);
      expect(read.geneValues).toEqual(genome.geneValues);
    }
    const archive = parseArchive(archiveToString(paretoFront));
    expect(archive.genomes.map(({ key }) => key).sort()).toEqual(
      paretoFront.map(({ key }) => key).sort(),
    );
    expect(QuantizationGenome.fromDict(JSON.parse(JSON.stringify(genome))).key).toBe(genome.key);
    expect(genome.clone().key).toBe(genome.key);
    expect(genome.mutate(1).geneValues).toEqual(genome.geneValues);
    expect(genome.crossover(genome).geneValues).toEqual(genome.geneValues);
  });

  it("is explained", async () => {
    const own = engine();
    const { best } = await own.runEvolution(model);
    const explanation = await own.explainGenome(model, best!);
    expect(explanation.genes).toHaveLength(model.layers.length);
    for (const { gene, owner, value, steps } of explanation.genes!) {
      expect(gene).toBe("float16Bias");
      const [step] = steps;
      expect(steps).toHaveLength(1);
      expect(step!.value).toBe(!value);
      const now = float16Bias.sizeBytes!(model, owner, value);
      expect(step!.change.sizeBytes).toBe(float16Bias.sizeBytes!(model, owner, step!.value) - now);
    }
    expect(explanationToString(explanation)).toMatch(/float16Bias of attention +(true|false) +to/);
  });

  it("is refused under a name that is taken, or without places", () => {
    const make = (gene: object) => () =>
      new QuantizationEvolutionEngine({}, { genes: [gene as GeneKind] });
    expect(make({ ...float16Bias, name: "weightBits" })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path: "genes.0.name" }),
    );
    expect(make({ ...float16Bias, places: undefined })).toThrow(
      expect.objectContaining({ path: "genes.0.places" }),
    );
    expect(make({ ...float16Bias, share: 0 })).toThrow(
      expect.objectContaining({ path: "genes.0.share" }),
    );
  });
});
