import { describe, expect, it } from "vitest";
import { accuracyDrop } from "../../../src/evaluation/sensitivity/accuracy-drop.js";
import type { SensitivityMetric } from "../../../src/evaluation/sensitivity/contract.js";
import { curvature } from "../../../src/evaluation/sensitivity/curvature.js";
import {
  currentMetric,
  type HarmsMetric,
} from "../../../src/evaluation/sensitivity/deprecated-harms.js";
import { outputError } from "../../../src/evaluation/sensitivity/output-error.js";
import { sensitivityReport } from "../../../src/evaluation/sensitivity/sensitivity-report.js";
import {
  priorWeightedNoise,
  weightNoise,
} from "../../../src/evaluation/sensitivity/weight-noise.js";
import { QuantizationEvolutionEngine } from "../../../src/index.js";
import { evaluatorOf, smallModel } from "../small-models.js";

const names = smallModel.layers.map(({ name }) => name);

/** A class, so that the method needs its `this`. */
class OldMetric implements HarmsMetric {
  readonly name = "old";
  readonly kind = "predicted";
  readonly #values = new Map(names.map((name, i) => [name, i]));
  harms() {
    return Promise.resolve(this.#values);
  }
}
const old = new OldMetric();
const current: SensitivityMetric = {
  name: "old",
  kind: "predicted",
  lossIncreases: () => old.harms(),
};

describe("a metric with the old method name `harms`", () => {
  it("is asked like one with lossIncreases, which wins when there are both", async () => {
    expect(await currentMetric(old).lossIncreases(smallModel, {})).toEqual(await old.harms());
    expect(currentMetric(old)).toMatchObject({ name: "old", kind: "predicted" });
    expect(currentMetric(current)).toBe(current);
    const both = { ...current, harms: () => Promise.reject(new Error("the old one was asked")) };
    expect(currentMetric(both)).toBe(both);
  });

  it("works in a report, in an engine and in a run as the new one does", async () => {
    const report = (metric: SensitivityMetric | HarmsMetric) =>
      sensitivityReport(smallModel, [metric], weightNoise());
    expect(await report(old)).toEqual(await report(current));
    const config = { populationSize: 4, maxGenerations: 1, seed: 1 };
    const engine = (sensitivity: SensitivityMetric | HarmsMetric) =>
      new QuantizationEvolutionEngine(config, { sensitivity });
    const expected = new Map(names.map((name, i) => [name, i / (names.length - 1)]));
    for (const metric of [old, current]) {
      expect(await engine(metric).analyzeSensitivity(smallModel)).toEqual(expected);
      const plain = new QuantizationEvolutionEngine(config);
      expect(await plain.analyzeSensitivity(smallModel, { metric })).toEqual(expected);
      expect((await engine(metric).runEvolution(smallModel)).sensitivity).toEqual(expected);
    }
  });

  it.each([{}, { harms: 3 }, { name: "old", kind: "predicted" }, null, "weight", 7])(
    "is refused as %o, which has neither method",
    async (bad) => {
      const make = () => new QuantizationEvolutionEngine({}, { sensitivity: bad as never });
      expect(make).toThrow(/^sensitivity has no method lossIncreases; allowed:/);
    },
  );
});

it("the built-in metrics still answer to `harms`", async () => {
  const metrics = [
    weightNoise(),
    priorWeightedNoise(),
    outputError(new Map()),
    curvature(new Map(names.map((name) => [name, 1]))),
    accuracyDrop(evaluatorOf(() => 0.5)),
  ];
  for (const metric of metrics)
    expect(await metric.harms(smallModel, {})).toEqual(await metric.lossIncreases(smallModel, {}));
});
