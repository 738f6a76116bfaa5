import { describe, expect, it } from "vitest";
import { relativeAccuracy } from "../../src/evaluation/noise/noise-curve.js";
import { createPredictedEvaluator } from "../../src/evaluation/predicted-evaluator.js";
import { float32Genome, uniformGenome } from "../../src/evaluation/uniform-genome.js";
import type { WeightBits } from "../../src/genes/bits.js";
import { describeAccuracyEvaluator } from "../_contracts/accuracy-evaluator.js";
import { smallModel } from "./small-models.js";

const weights = (weightBits: WeightBits) =>
  uniformGenome(smallModel, { weightBits, activationBits: 32, calibrationMethod: "min-max" });
const accuracyOf = async (
  genome: ReturnType<typeof weights>,
  layerWeights?: ReadonlyMap<string, number>,
) => (await createPredictedEvaluator(smallModel, { layerWeights }).evaluate(genome, {})).accuracy;

describeAccuracyEvaluator("the predicted evaluator", {
  create: () => createPredictedEvaluator(smallModel),
  float32: float32Genome(smallModel),
  genomes: [weights(8), weights(4), uniformGenome(smallModel, { weightBits: 6 })],
  ruined: weights(2),
});

describe("relativeAccuracy", () => {
  it("meets the figures that it was fitted on", () => {
    const measured: [noise: number, topOne: number][] = [
      [5.68e-5, 0.9154],
      [9.31e-4, 0.9184],
      [3.95e-3, 0.9174],
      [0.018015, 0.9056],
      [0.09547, 0.7296],
      [0.602, 0.0934],
    ];
    for (const [noise, topOne] of measured)
      expect(Math.abs(relativeAccuracy(noise) - topOne / 0.9164)).toBeLessThan(0.013);
  });

  it("falls from 1 to 0", () => {
    expect(relativeAccuracy(0)).toBe(1);
    expect(relativeAccuracy(Number.POSITIVE_INFINITY)).toBe(0);
    for (let noise = 0.001; noise < 2; noise *= 1.3)
      expect(relativeAccuracy(noise * 1.3)).toBeLessThan(relativeAccuracy(noise));
  });
});

describe("createPredictedEvaluator", () => {
  it("keeps float32 whole and loses with every bit less", async () => {
    expect(await accuracyOf(float32Genome(smallModel))).toBe(1);
    const accuracies: number[] = [];
    for (const bits of [2, 3, 4, 5, 6, 8, 16] as const)
      accuracies.push(await accuracyOf(weights(bits)));
    expect(accuracies).toEqual([...accuracies].sort((a, b) => a - b));
    expect(new Set(accuracies).size).toBe(accuracies.length);
    expect(accuracies[0]).toBeLessThan(0.3);
    expect(accuracies[5]).toBeGreaterThan(0.998);
  });

  it("counts activations too", async () => {
    const low = await accuracyOf(uniformGenome(smallModel, { weightBits: 8, activationBits: 4 }));
    const high = await accuracyOf(uniformGenome(smallModel, { weightBits: 8, activationBits: 8 }));
    expect(low).toBeLessThan(high);
  });

  it("weighs layers as it is told", async () => {
    const oneLow = float32Genome(smallModel);
    const layerConfigs = new Map(oneLow.layerConfigs).set(
      "stem",
      weights(2).layerConfigs.get("stem")!,
    );
    const genome = oneLow.with({ layerConfigs });
    expect(await accuracyOf(genome, new Map([["wide", 1]]))).toBe(1);
    expect(await accuracyOf(genome, new Map([["stem", 1]]))).toBeLessThan(await accuracyOf(genome));
    expect(await accuracyOf(genome, new Map())).toBe(1);
  });

  it("says that it predicts, relative to float32", async () => {
    const evaluator = createPredictedEvaluator(smallModel);
    expect(evaluator.kind).toBe("predicted");
    expect(evaluator.baseline?.accuracy).toBe(1);
    const estimate = await evaluator.evaluate(weights(4), {});
    expect(estimate.metric).toBe("relative accuracy");
    expect(estimate.source).toContain("ResNet-20");
    expect(estimate.source).toContain("not a measurement");
  });
});
