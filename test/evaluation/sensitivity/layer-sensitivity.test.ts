import { describe, expect, it } from "vitest";
import { EvaluationError, InvalidArgumentError } from "../../../src/errors.js";
import {
  layerSensitivity,
  measuredSensitivity,
} from "../../../src/evaluation/sensitivity/layer-sensitivity.js";
import { sensitivityPrior } from "../../../src/evaluation/sensitivity/sensitivity-prior.js";
import type { QuantizationGenome } from "../../../src/genome/quantization-genome.js";
import type { ModelSpec } from "../../../src/model/layer-spec.js";
import { estimateOf, evaluatorOf, layer, smallModel } from "../small-models.js";

const model = (layers: ModelSpec["layers"]): ModelSpec => ({ name: "m", source: "user", layers });
const lowLayers = (genome: QuantizationGenome) =>
  [...genome.layerConfigs].filter(([, config]) => config.weightBits < 32).map(([name]) => name);

describe("sensitivityPrior", () => {
  it("sums to 1 and follows kind, position and size", () => {
    const prior = sensitivityPrior(
      model([
        layer("in", 8, 8),
        layer("conv", 8, 8),
        layer("dw", 8, 8, { kind: "depthwise-conv" }),
        layer("big", 64, 16),
        layer("out", 8, 8),
      ]),
    );
    const at = (name: string) => prior.get(name)!;
    expect([...prior.values()].reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
    expect(at("in") / at("conv")).toBeCloseTo(2, 12);
    expect(at("out")).toBe(at("in"));
    expect(at("dw") / at("conv")).toBeCloseTo(3, 12);
    expect(at("conv") / at("big")).toBeCloseTo(2, 12);
  });

  it("has an answer for layers without parameters", () => {
    const empty = layer("a", 1, 1, { parameterCount: 0 });
    expect([...sensitivityPrior(model([empty])).values()]).toEqual([1]);
  });
});

describe("layerSensitivity", () => {
  it("is 1 for the most sensitive layer and positive for all", () => {
    const values = [...layerSensitivity(smallModel).values()];
    expect(Math.max(...values)).toBe(1);
    expect(Math.min(...values)).toBeGreaterThan(0);
    expect([...layerSensitivity(smallModel).keys()]).toEqual(["stem", "__proto__", "wide", "head"]);
  });

  it("finds the layer whose weights have outliers", () => {
    const spiky = layer("spiky", 8, 64);
    for (let i = 0; i < 512; i += 64) spiky.weights![i] = 3;
    const found = layerSensitivity(
      model([layer("a", 8, 64), layer("b", 8, 64), spiky, layer("c", 8, 64)]),
    );
    expect(found.get("spiky")! / found.get("b")!).toBeGreaterThan(1);
  });

  it("is 0 where there is nothing to lose", () => {
    const zeros = layer("z", 2, 8, { weights: new Float32Array(16) });
    expect([...layerSensitivity(model([zeros])).values()]).toEqual([0]);
  });
});

describe("measuredSensitivity", () => {
  const drops = new Map([
    ["stem", 0.1],
    ["__proto__", 0.4],
    ["wide", -0.05],
    ["head", 0.2],
  ]);

  it("asks for one low layer at a time and scales the drops", async () => {
    const asked: string[][] = [];
    const evaluator = evaluatorOf((genome) => {
      const low = lowLayers(genome);
      asked.push(low);
      for (const name of low) expect(genome.layerConfigs.get(name)!.weightBits).toBe(2);
      for (const config of genome.layerConfigs.values()) expect(config.activationBits).toBe(32);
      return 0.9 - low.reduce((sum, name) => sum + drops.get(name)!, 0);
    });
    const found = await measuredSensitivity(evaluator, smallModel, { bits: 2, concurrency: 3 });
    expect(asked).toEqual([[], ["stem"], ["__proto__"], ["wide"], ["head"]]);
    expect(found.get("__proto__")).toBe(1);
    expect(found.get("stem")).toBeCloseTo(0.25, 9);
    expect(found.get("head")).toBeCloseTo(0.5, 9);
    expect(found.get("wide")).toBe(0);
  });

  it("uses a baseline that is known, and is all 0 when nothing drops", async () => {
    let calls = 0;
    const evaluator = {
      ...evaluatorOf(() => {
        calls++;
        return 0.8;
      }),
      baseline: estimateOf(0.8),
    };
    expect([...(await measuredSensitivity(evaluator, smallModel)).values()]).toEqual([0, 0, 0, 0]);
    expect(calls).toBe(4);
  });

  it("names the layer that could not be evaluated", async () => {
    const evaluator = evaluatorOf((genome) => {
      if (lowLayers(genome)[0] === "wide") throw new Error("out of cheese");
      return 1;
    });
    const failing = measuredSensitivity(evaluator, smallModel);
    await expect(failing).rejects.toThrow(EvaluationError);
    await expect(failing).rejects.toThrow(/"wide" at 3 bits.*out of cheese/);
  });

  it("stops with the signal's reason, and refuses 32 bits", async () => {
    const controller = new AbortController();
    let calls = 0;
    const evaluator = evaluatorOf(() => {
      if (++calls === 2) controller.abort(new Error("enough"));
      return 1;
    });
    await expect(
      measuredSensitivity(evaluator, smallModel, { signal: controller.signal }),
    ).rejects.toThrow("enough");
    expect(calls).toBe(2);
    await expect(measuredSensitivity(evaluator, smallModel, { bits: 32 })).rejects.toThrow(
      InvalidArgumentError,
    );
  });
});
