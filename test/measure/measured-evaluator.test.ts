import { describe, expect, it } from "vitest";
import { EvaluationError, UnsupportedError } from "../../src/errors.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { checkBatches } from "../../src/measure/batches/check-batches.js";
import { batchSizes, sampleBatches } from "../../src/measure/batches/first-samples.js";
import type { ModelInput } from "../../src/measure/batches/model-input.js";
import { splitBatches } from "../../src/measure/batches/split-batches.js";
import type { Batch } from "../../src/measure/batches/tensor-data.js";
import { measuredEvaluator, measurementIdentity } from "../../src/measure/measured-evaluator.js";
import type { ModelOutputs } from "../../src/measure/metrics/metric.js";
import { outputAgreement } from "../../src/measure/metrics/output-agreement.js";
import { outputDivergence } from "../../src/measure/metrics/output-divergence.js";
import { topOneAccuracy } from "../../src/measure/metrics/top-one-accuracy.js";
import type { GenomeRunner } from "../../src/measure/runner.js";

const inputs: readonly ModelInput[] = [{ name: "x", type: "float32", dims: [-1, 2] }];
const data = { x: { data: Float32Array.of(1, 0, 0, 1, 1, 0, 1, 0), dims: [4, 2] } };
const validation = splitBatches(data, 3);
const genome = new QuantizationGenome({ layerConfigs: { a: {} } });

/** A runtime of another format: its model hands its input on. */
function runner(seen: number[]): GenomeRunner {
  const join = (batches: readonly Batch[]): ModelOutputs => {
    const values = batches.flatMap(({ x }) => [...(x!.data as Float32Array)]);
    seen.push(values.length / 2);
    return { y: { data: Float32Array.from(values), dims: [values.length / 2, 2] } };
  };
  return {
    run: async (_, { batches = validation } = {}) => join(batches),
    dispose: async () => void seen.push(-1),
  };
}

const evaluatorWith = (seen: number[], metric = topOneAccuracy([0, 1, 1, 0])) =>
  measuredEvaluator({
    metric,
    inputs,
    validation,
    float: { y: data.x },
    outputNames: ["y"],
    runtime: "no runtime",
    openRunner: async () => runner(seen),
  });

describe("measuredEvaluator", () => {
  it("judges what any runner gives, whole and in part", async () => {
    const seen: number[] = [];
    const evaluator = await evaluatorWith(seen);
    expect(evaluator.baseline).toMatchObject({ accuracy: 0.75, source: "no runtime, 4 samples" });
    expect(evaluator.sampleCount).toBe(4);
    expect(await evaluator.evaluate(genome, {})).toMatchObject({ accuracy: 0.75, samples: 4 });
    const part = await evaluator.evaluate(genome, { samples: 2 });
    expect(part).toMatchObject({ accuracy: 1, samples: 2 });
    expect(seen).toEqual([4, 2]);
    await expect(evaluator.evaluate(genome, { samples: 5 })).rejects.toThrow(/from 1 to 4/);
    await evaluator.dispose();
    expect(seen.at(-1)).toBe(-1);
    await expect(evaluator.evaluate(genome, {})).rejects.toThrow(UnsupportedError);
  });

  it("notes an output that no longer depends on its input", async () => {
    const lost = { y: { data: new Float32Array(8).fill(3), dims: [4, 2] } };
    const evaluator = await measuredEvaluator({
      metric: outputDivergence(),
      ...{ inputs, validation, float: { y: data.x }, outputNames: ["y"], runtime: "" },
      openRunner: async () => ({ run: async () => lost, dispose: async () => {} }),
    });
    const found = await evaluator.evaluate(genome, {});
    expect(found.accuracy).toBeLessThan(0.01);
    expect(found.notes).toEqual([
      'output "y" is the same for every sample: it no longer sees its input',
    ]);
    const alive = await evaluatorWith([]);
    expect(await alive.evaluate(genome, {})).not.toHaveProperty("notes");
  });

  it("takes infinite values only where the float model has them", async () => {
    const masked = { y: { data: Float32Array.of(1, -Infinity, 0, 1), dims: [2, 2] } };
    const of = async (...values: number[]) => {
      const evaluator = await measuredEvaluator({
        metric: outputAgreement(),
        ...{
          inputs,
          validation: splitBatches({ x: { data: data.x.data.slice(4), dims: [2, 2] } }, 2),
        },
        ...{ float: masked, outputNames: ["y"], runtime: "" },
        openRunner: async () => ({
          run: async () => ({ y: { data: Float32Array.from(values), dims: [2, 2] } }),
          dispose: async () => {},
        }),
      });
      return (await evaluator.evaluate(genome, {})).accuracy;
    };
    expect(await of(2, -Infinity, 0, 3)).toBe(1);
    await expect(of(2, -Infinity, Infinity, 3)).rejects.toThrow(
      /"y" holds 1 NaN or infinite values .* at index 2/,
    );
  });

  it("starts no runner when the metric refuses the float model", async () => {
    let opened = false;
    const failing = measuredEvaluator({
      metric: { name: "wild", evaluate: () => ({ score: 2, value: 1, samples: 1 }) },
      ...{ inputs, validation, float: { y: data.x }, runtime: "" },
      outputNames: ["y"],
      openRunner: async () => {
        opened = true;
        return runner([]);
      },
    });
    await expect(failing).rejects.toThrow(EvaluationError);
    expect(opened).toBe(false);
  });
});

describe("measurementIdentity", () => {
  it("differs with whatever decides a measurement", () => {
    const metric = topOneAccuracy([0, 1, 1, 0]);
    const base = {
      model: Uint8Array.of(1),
      calibration: validation,
      validation,
      metric,
      runtime: "r",
    };
    const others = [
      base,
      { ...base, model: Uint8Array.of(2) },
      { ...base, externalData: Uint8Array.of(2) },
      { ...base, calibration: validation.slice(1) },
      { ...base, validation: validation.slice(1) },
      { ...base, metric: topOneAccuracy([0, 1, 1, 1]) },
      { ...base, runtime: "s" },
    ];
    expect(new Set(others.map(measurementIdentity)).size).toBe(others.length);
    expect(measurementIdentity({ ...base })).toBe(measurementIdentity(base));
  });
});

describe("checkBatches", () => {
  it("lets a state have a first dimension of its own, and a cache no positions yet", () => {
    const state: ModelInput[] = [
      { name: "state", type: "float32", dims: [2, -1, 3] },
      { name: "x", type: "float32", dims: [-1, 2] },
      { name: "past", type: "float32", dims: [-1, -1] },
    ];
    const tensor = (...dims: number[]) => ({
      data: new Float32Array(dims.reduce((a, b) => a * b)),
      dims,
    });
    const batch = { state: tensor(2, 4, 3), x: tensor(4, 2), past: tensor(4, 0) };
    expect(() => checkBatches(state, [batch], "validation")).not.toThrow();
    expect(batchSizes(state, [batch])).toEqual([4]);
    const uneven = { ...batch, past: tensor(3, 0) };
    expect(() => checkBatches(state, [uneven], "validation")).toThrow(/past has a batch of 3/);
    // Whole batches only, as the state cannot be cut.
    const float = { y: { data: new Float32Array(8), dims: [8], batchDims: [[4], [4]] } };
    const parts = sampleBatches(state, [batch, batch], float)!;
    expect(parts.first(1)).toEqual({ batches: [batch], samples: 4, sizes: [4] });
    const fixed = state.slice(0, 2).map((input) => ({ ...input, dims: input.dims.map(Math.abs) }));
    const one = { state: tensor(2, 1, 3), x: tensor(1, 2) };
    expect(() => checkBatches(fixed, [one], "validation")).not.toThrow();
    expect(batchSizes(fixed, [one])).toEqual([1]);
  });

  it("says so when one batch, or no list, stands in place of a list", () => {
    const [batch] = validation;
    expect(() => checkBatches(inputs, batch as never, "validation")).toThrow(
      "validation is one batch; allowed: a list of batches, [batch] for a single one",
    );
    expect(() => checkBatches(inputs, undefined as never, "validation")).toThrow(
      "validation is undefined; allowed: a list of batches",
    );
  });

  it("lets open dimensions of other names differ, where something may be empty", () => {
    const named: ModelInput[] = [
      { name: "boxes", type: "float32", dims: [-1, 4], symbol: "boxes" },
      { name: "x", type: "float32", dims: [-1, 2], symbol: "batch" },
      { name: "scale", type: "float32", dims: [-1], symbol: "batch" },
    ];
    const tensor = (...dims: number[]) => ({
      data: new Float32Array(dims.reduce((a, b) => a * b)),
      dims,
    });
    const batch = { boxes: tensor(0, 4), x: tensor(3, 2), scale: tensor(3) };
    expect(() => checkBatches(named, [batch], "validation")).not.toThrow();
    expect(batchSizes(named, [batch])).toEqual([3]);
    const float = { y: { data: new Float32Array(3), dims: [3], batchDims: [[3]] } };
    expect(sampleBatches(named, [batch], float)!.first(1).samples).toBe(3);
    const wrong = { ...batch, scale: tensor(2) };
    expect(() => checkBatches(named, [wrong], "validation")).toThrow(
      /scale has a batch of 2, "x" one of 3; allowed: .* where it has one name/,
    );
    const none = { ...batch, x: tensor(0, 2), scale: tensor(0) };
    expect(() => checkBatches(named, [none], "validation")).toThrow(/x has dims \[0,2\]; allowed/);
  });

  it("takes NaN and infinity as values of inputs", () => {
    const data = Float32Array.of(Number.NaN, Number.NEGATIVE_INFINITY);
    const masked = [{ x: { data, dims: [1, 2] } }];
    expect(() => checkBatches(inputs, masked, "validation")).not.toThrow();
  });

  it("checks against inputs of whatever format", () => {
    expect(() => checkBatches(inputs, validation, "validation")).not.toThrow();
    const half: ModelInput[] = [{ name: "x", type: "float16", dims: [-1, 2] }];
    expect(() => checkBatches(half, validation, "validation")).toThrow(
      /^validation\.0\.x holds Float32Array; allowed: Uint16Array for an input of type float16/,
    );
    const text: ModelInput[] = [{ name: "x", type: "STRING", dims: [] }];
    expect(() => checkBatches(text, validation, "validation")).toThrow(/is of type STRING/);
    const odd: ModelInput[] = [{ name: "x", type: "constructor", dims: [] }];
    expect(() => checkBatches(odd, validation, "validation")).toThrow(/is of type constructor/);
  });
});
