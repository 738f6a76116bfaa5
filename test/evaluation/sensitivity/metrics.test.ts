import { describe, expect, it } from "vitest";
import { EvaluationError, InvalidArgumentError } from "../../../src/errors.js";
import { accuracyDrop } from "../../../src/evaluation/sensitivity/accuracy-drop.js";
import type { SensitivityMetric } from "../../../src/evaluation/sensitivity/contract.js";
import { curvature } from "../../../src/evaluation/sensitivity/curvature.js";
import { outputError } from "../../../src/evaluation/sensitivity/output-error.js";
import { probedWeights } from "../../../src/evaluation/sensitivity/probe.js";
import { sensitivityPrior } from "../../../src/evaluation/sensitivity/sensitivity-prior.js";
import { sensitivityReport } from "../../../src/evaluation/sensitivity/sensitivity-report.js";
import {
  priorWeightedNoise,
  weightNoise,
} from "../../../src/evaluation/sensitivity/weight-noise.js";
import { describeSensitivityMetric } from "../../_contracts/sensitivity-metric.js";
import { evaluatorOf, layer, smallModel } from "../small-models.js";

const names = smallModel.layers.map(({ name }) => name);
const even = new Map(names.map((name) => [name, 1]));
/** The wide layer counts, the others do not. */
const evaluator = evaluatorOf((genome) =>
  genome.layerConfigs.get("wide")!.weightBits === 32 ? 0.9 : 0.7,
);

// A metric of your own is one line here.
describeSensitivityMetric(() => weightNoise(), smallModel);
describeSensitivityMetric(() => priorWeightedNoise(), smallModel);
describeSensitivityMetric(() => outputError(new Map()), smallModel);
describeSensitivityMetric(() => curvature(even), smallModel);
describeSensitivityMetric(() => accuracyDrop(evaluator), smallModel);

const ask = (metric: SensitivityMetric, model = smallModel) => metric.lossIncreases(model, {});

describe("weight-noise and predicted", () => {
  it("differ by the prior, and fall with more bits", async () => {
    const noise = await ask(weightNoise());
    const predicted = await ask(priorWeightedNoise());
    const prior = sensitivityPrior(smallModel);
    for (const name of names)
      expect(predicted.get(name)).toBeCloseTo(noise.get(name)! * prior.get(name)!, 12);
    const eight = await ask(weightNoise({ bits: 8 }));
    for (const name of names) expect(eight.get(name)).toBeLessThan(noise.get(name)! / 100);
  });
});

describe("output-error", () => {
  const weights = layer("a", 2, 6).weights!;
  const model = (more = {}) => ({
    ...smallModel,
    layers: [layer("a", 2, 6, more), layer("b", 4, 4)],
  });

  it("is the noise of the weights where inputs are alike, whatever their power", async () => {
    const probed = probedWeights(layer("a", 2, 6), 3);
    const error = weights.reduce((sum, w, i) => sum + (w - probed[i]!) ** 2, 0);
    const expected = error / weights.reduce((sum, w) => sum + w * w, 0);
    expect((await ask(outputError(new Map()), model())).get("a")).toBeCloseTo(expected, 9);
    const strong = outputError(new Map([["a", Float32Array.of(9, 9, 9)]]));
    expect((await ask(strong, model())).get("a")).toBeCloseTo(expected, 9);
  });

  it(
    "reads only weights of inputs that are there: two kernel positions each, or a column of " +
      "a matrix",
    async () => {
      const probed = probedWeights(layer("a", 2, 6), 3);
      const only = (at: (i: number) => boolean) => {
        const error = weights.reduce((sum, w, i) => sum + (at(i) ? (w - probed[i]!) ** 2 : 0), 0);
        return error / weights.reduce((sum, w, i) => sum + (at(i) ? w * w : 0), 0);
      };
      const middle = outputError(new Map([["a", Float32Array.of(0, 1, 0)]]));
      expect((await ask(middle, model())).get("a")).toBeCloseTo(
        only((i) => i % 6 === 2 || i % 6 === 3),
        9,
      );
      // Depthwise: the channels are the inputs.
      const depthwise = model({
        weightLayout: { shape: [4, 3], channelAxis: 0, groupAxis: 1, inputGroups: 4 },
      });
      const second = outputError(new Map([["a", Float32Array.of(0, 1, 0, 0)]]));
      const own = probedWeights(depthwise.layers[0]!, 3);
      const row = [3, 4, 5];
      const expected =
        row.reduce((sum, i) => sum + (weights[i]! - own[i]!) ** 2, 0) /
        row.reduce((sum, i) => sum + weights[i]! ** 2, 0);
      expect((await ask(second, depthwise)).get("a")).toBeCloseTo(expected, 9);
      // A matrix [inputs, outputs].
      const matrix = model({ weightLayout: { shape: [6, 2], channelAxis: 1, groupAxis: 0 } });
      const third = outputError(new Map([["a", Float32Array.of(0, 0, 1, 0, 0, 0)]]));
      const probe = probedWeights(matrix.layers[0]!, 3);
      const wanted =
        [4, 5].reduce((sum, i) => sum + (weights[i]! - probe[i]!) ** 2, 0) /
        [4, 5].reduce((sum, i) => sum + weights[i]! ** 2, 0);
      expect((await ask(third, matrix)).get("a")).toBeCloseTo(wanted, 9);
      // A transposed convolution of 3 groups, each of 2 inputs and 2 channels.
      const order = { shape: [3, 2, 2, 1], permutation: [0, 2, 1, 3] };
      const groups = model({
        weightLayout: { shape: [6, 2], channelAxis: 0, groupAxis: 1, order, inputGroups: 3 },
      });
      const fourth = outputError(new Map([["a", Float32Array.of(0, 0, 0, 1, 0, 0)]]));
      const rounded = probedWeights(groups.layers[0]!, 3);
      const share = (values: (i: number) => number) =>
        [5, 7].reduce((sum, i) => sum + values(i) ** 2, 0);
      expect((await ask(fourth, groups)).get("a")).toBeCloseTo(
        share((i) => weights[i]! - rounded[i]!) / share((i) => weights[i]!),
        9,
      );
    },
  );

  it("refuses inputs that do not fit, and layers without weights", async () => {
    const five = outputError(new Map([["a", new Float32Array(5)]]));
    await expect(ask(five, model())).rejects.toThrow(/5 channels; allowed: a divisor of 6/);
    const bare = { ...smallModel, layers: [{ ...smallModel.layers[0]!, weights: undefined }] };
    await expect(ask(outputError(new Map()), bare as never)).rejects.toThrow(InvalidArgumentError);
  });
});

describe("curvature", () => {
  it("is curvature times squared error", async () => {
    const one = await ask(curvature(even));
    const [first] = smallModel.layers;
    const probed = probedWeights(first!, 3);
    const error = first!.weights!.reduce((sum, w, i) => sum + (w - probed[i]!) ** 2, 0);
    expect(one.get(first!.name)).toBeCloseTo(error, 9);
    const three = await ask(curvature(new Map(even).set(first!.name, 3), { name: "fisher" }));
    expect(three.get(first!.name)).toBeCloseTo(3 * error, 9);
    expect(curvature(even, { name: "fisher" }).name).toBe("fisher");
  });

  it("refuses what is no curvature, and wants one for each layer", async () => {
    expect(() => curvature(new Map([["a", -1]]))).toThrow(/curvatures\.a is -1/);
    expect(() => curvature(even, { bits: 32 })).toThrow(/bits is 32/);
    await expect(ask(curvature(new Map()))).rejects.toThrow(/no curvature of layer "stem"/);
  });
});

describe("sensitivityReport", () => {
  const fixed = (name: string, values: readonly number[]): SensitivityMetric => ({
    name,
    kind: "predicted",
    lossIncreases: async (model) => new Map(model.layers.map((each, i) => [each.name, values[i]!])),
  });

  it("ranks by Spearman's correlation", async () => {
    const report = await sensitivityReport(
      smallModel,
      [
        fixed("same order", [1, 20, 300, 4000]),
        fixed("reversed", [4, 3, 2, 1]),
        fixed("flat", [1, 1, 1, 1]),
      ],
      fixed("truth", [0.1, 0.2, 0.3, 0.4]),
    );
    expect(report.metrics.map((metric) => [metric.name, metric.rankCorrelation])).toEqual([
      ["truth", 1],
      ["same order", 1],
      ["reversed", -1],
      ["flat", null],
    ]);
    expect(report.layers[1]).toEqual({
      name: "__proto__",
      lossIncreases: { truth: 0.2, "same order": 20, reversed: 3, flat: 1 },
      harms: { truth: 0.2, "same order": 20, reversed: 3, flat: 1 },
    });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it("finds the layer that was measured to matter", async () => {
    const report = await sensitivityReport(smallModel, [weightNoise()], accuracyDrop(evaluator));
    const drops = report.layers.map(({ lossIncreases }) => lossIncreases["accuracy-drop"]!);
    expect(drops.map((drop) => Number(drop.toFixed(6)))).toEqual([0, 0, 0.2, 0]);
    expect(report.metrics[0]).toEqual({
      name: "accuracy-drop",
      kind: "measured",
      rankCorrelation: 1,
    });
  });

  it("checks what metrics report, and refuses two of one name", async () => {
    const truth = fixed("truth", [1, 2, 3, 4]);
    await expect(sensitivityReport(smallModel, [fixed("short", [1, 2])], truth)).rejects.toThrow(
      EvaluationError,
    );
    await expect(
      sensitivityReport(smallModel, [fixed("bad", [1, -2, 3, 4])], truth),
    ).rejects.toThrow(/says -2 of layer "__proto__"/);
    await expect(sensitivityReport(smallModel, [truth], truth)).rejects.toThrow(
      /two metrics are called "truth"/,
    );
    const one = { ...smallModel, layers: smallModel.layers.slice(0, 1) };
    await expect(sensitivityReport(one, [], truth)).rejects.toThrow(/one layer/);
  });
});
