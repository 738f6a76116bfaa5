import { describe, expect, it } from "vitest";
import { EvaluationError, InvalidArgumentError } from "../../../src/errors.js";
import {
  createEvaluationContext,
  evaluateGenome,
} from "../../../src/evaluation/evaluate-genome.js";
import type { AccuracyEvaluator } from "../../../src/evaluation/evaluator.js";
import { explainGenome } from "../../../src/evaluation/explain/explain-genome.js";
import { explanationToString } from "../../../src/evaluation/explain/explanation-text.js";
import { uniformGenome } from "../../../src/evaluation/uniform-genome.js";
import { defaultLayerSpace } from "../../../src/genes/search-space.js";
import { GeneSpace } from "../../../src/genome/gene-space.js";
import { bitCost, evaluatorOf, smallModel } from "../small-models.js";

const weights = { accuracyWeight: 1, compressionWeight: 1, latencyWeight: 1, energyWeight: 1 };
const names = smallModel.layers.map((layer) => layer.name);
const space = (ties: readonly (readonly string[])[] = []) =>
  new GeneSpace({
    space: {
      layers: new Map(
        names.map((name) => [name, { ...defaultLayerSpace, weightBits: [2, 4, 8] as const }]),
      ),
      ties,
    },
  });
/** More bits, better: the first layer counts four times. */
const evaluator: AccuracyEvaluator = evaluatorOf((genome) => {
  let sum = 0;
  for (const [i, name] of names.entries())
    sum += (i === 0 ? 4 : 1) * genome.layerConfigs.get(name)!.weightBits;
  return sum / (8 * (names.length + 3));
});
const four = uniformGenome(smallModel, { weightBits: 4 });
const explain = (targets = {}, ties: readonly (readonly string[])[] = [], own = evaluator) =>
  explainGenome(
    four,
    createEvaluationContext({
      model: smallModel,
      evaluator: own,
      costModel: bitCost,
      targets,
      weights,
    }),
    { space: space(ties) },
  );

describe("explainGenome", () => {
  it("says of each layer what evaluating its neighbours says", async () => {
    const explanation = await explain();
    expect(explanation.layers.map(({ layers }) => layers)).toEqual(names.map((name) => [name]));
    const context = createEvaluationContext({
      model: smallModel,
      evaluator,
      costModel: bitCost,
      targets: {},
      weights,
    });
    const { metrics: base } = await evaluateGenome(four, context);
    for (const { layers, weightBits, up, down } of explanation.layers) {
      expect([weightBits, up?.weightBits, down?.weightBits]).toEqual([4, 8, 2]);
      for (const step of [up!, down!]) {
        const config = four.layerConfigs.get(layers[0]!)!.with({ weightBits: step.weightBits });
        const neighbour = four.with({
          layerConfigs: new Map(four.layerConfigs).set(layers[0]!, config),
        });
        const { metrics } = await evaluateGenome(neighbour, context);
        expect(step.change).toEqual({
          accuracy: metrics!.accuracy - base!.accuracy,
          sizeBytes: metrics!.sizeBytes - base!.sizeBytes,
          latencyMs: metrics!.inferenceLatencyMs - base!.inferenceLatencyMs,
          energyMj: metrics!.energyPerInferenceMj - base!.energyPerInferenceMj,
          memoryMb: metrics!.memoryFootprintMb - base!.memoryFootprintMb,
        });
        expect([step.breaks, step.mends]).toEqual([[], []]);
      }
    }
    expect(explanation).toMatchObject({ accuracyKind: "measured", limits: [], binding: [] });
    expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
  });

  it("steps tied layers together, and not beyond their widths", async () => {
    const explanation = await explain({}, [[names[2]!, names[1]!]]);
    expect(explanation.layers.map(({ layers }) => layers)).toEqual([
      [names[0]],
      [names[1], names[2]],
      ...names.slice(3).map((name) => [name]),
    ]);
    const wide = await explainGenome(
      uniformGenome(smallModel, { weightBits: 8 }),
      createEvaluationContext({
        model: smallModel,
        evaluator,
        costModel: bitCost,
        targets: {},
        weights,
      }),
      { space: space() },
    );
    for (const layer of wide.layers)
      expect([layer.up, layer.down?.weightBits]).toEqual([undefined, 4]);
  });

  it("tells which limits bind, are free or are broken", async () => {
    const { values } = await explain();
    const tight = await explain({ targetLatencyMs: values.latencyMs * 1.0001, minAccuracy: 0.01 });
    expect(tight.binding).toEqual(["targetLatencyMs"]);
    expect(tight.limits).toMatchObject([
      { name: "targetLatencyMs", state: "binding", forbiddenSteps: names.length },
      { name: "minAccuracy", state: "free", forbiddenSteps: 0 },
    ]);
    const broken = await explain({ targetLatencyMs: values.latencyMs * 0.9999 });
    expect(broken.binding).toEqual([]);
    expect(broken.limits[0]).toMatchObject({ state: "broken" });
    expect(broken.limits[0]!.slack).toBeLessThan(0);
    for (const { down } of broken.layers) expect(down?.mends).toEqual(["targetLatencyMs"]);
    const exact = await explain({ minAccuracy: values.accuracy });
    expect(exact.limits[0]).toMatchObject({
      state: "binding",
      slack: 0,
      forbiddenSteps: names.length,
    });
  });

  it("names the layer whose neighbour fails", async () => {
    const failing = evaluatorOf((genome) => {
      if (genome.layerConfigs.get(names[1]!)!.weightBits === 2) throw new Error("too narrow");
      return 0.5;
    });
    await expect(explain({}, [], failing)).rejects.toThrow(EvaluationError);
    await expect(explain({}, [], failing)).rejects.toThrow(/at 2 bits: .*too narrow/);
  });
});

describe("explanationToString", () => {
  it("writes text, markdown and JSON", async () => {
    const { values } = await explain();
    const explanation = await explain({
      targetLatencyMs: values.latencyMs * 1.0001,
      minAccuracy: 0.99,
    });
    const text = explanationToString(explanation);
    expect(text).toContain("targetLatencyMs");
    expect(text).toMatch(/BINDING: room .*4 single step/);
    expect(text).toMatch(/minAccuracy: .* BROKEN by/);
    expect(text).toMatch(/accuracy measured, costs/);
    expect(text.split("\n").filter((line) => /to 8/.test(line)).length).toBe(names.length);
    const markdown = explanationToString(explanation, "markdown");
    expect(markdown).toMatch(/^- accuracy/);
    expect(markdown.split("\n").filter((line) => line.startsWith("| ")).length).toBe(
      1 + 2 * names.length,
    );
    expect(JSON.parse(explanationToString(explanation, "json"))).toEqual(explanation);
    expect(() => explanationToString(explanation, "html" as "text")).toThrow(InvalidArgumentError);
  });
});
