import { describe, expect, it } from "vitest";
import { float32Genome } from "../../../src/evaluation/uniform-genome.js";
import {
  type AccuracyEvaluator,
  archiveToString,
  parseArchive,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
} from "../../../src/index.js";
import { modelFromLayers } from "../../../src/model/model-from-layers.js";
import { memoryStore } from "../checkpoint/stores.js";
import { formulaEvaluator, TINY_LAYERS as LAYERS, SMALL_RUN } from "../fakes.js";

const FLOAT = float32Genome(modelFromLayers(LAYERS)).key;
const baseline = (accuracy: number, more = {}) =>
  ({
    kind: "measured",
    accuracy,
    metric: "formula",
    metricValue: accuracy,
    source: "test",
    ...more,
  }) as const;

const engineOf = (config: QuantizationEvolutionConfig, evaluator: AccuracyEvaluator) =>
  new QuantizationEvolutionEngine({ ...SMALL_RUN, ...config }, { evaluator });

describe("maxAccuracyDrop", () => {
  it("is kept by every genome of a feasible front, against a baseline that is known", async () => {
    const evaluator = formulaEvaluator();
    const engine = engineOf({ maxAccuracyDrop: 0.06 }, { ...evaluator, baseline: baseline(0.95) });
    const result = await engine.runEvolution(LAYERS);
    expect(result.feasible).toBe(true);
    for (const { metrics } of result.paretoFront) {
      expect(metrics!.accuracyDrop).toBeCloseTo(0.95 - metrics!.accuracy, 12);
      expect(metrics!.accuracyDrop).toBeLessThanOrEqual(0.06);
    }
    expect(evaluator.calls.includes(FLOAT)).toBe(false);
    const read = parseArchive(archiveToString(result)).genomes;
    expect(read.map(({ metrics }) => metrics!.accuracyDrop).sort()).toEqual(
      result.paretoFront.map(({ metrics }) => metrics!.accuracyDrop).sort(),
    );
  });

  it("measures the float32 model once, first, where it is not; the budget counts it", async () => {
    for (const useSensitivityAnalysis of [true, "accuracy-drop"] as const) {
      const evaluator = formulaEvaluator();
      const store = memoryStore();
      const engine = engineOf(
        { maxAccuracyDrop: 0.05, maxEvaluations: 20, useSensitivityAnalysis },
        evaluator,
      );
      const result = await engine.runEvolution(LAYERS, { checkpoint: { store } });
      expect(evaluator.calls[0]).toBe(FLOAT);
      expect(evaluator.calls.filter((key) => key === FLOAT)).toHaveLength(1);
      expect(evaluator.calls.length).toBeLessThanOrEqual(20);
      expect(result.evaluations).toBe(evaluator.calls.length);
      for (const { metrics } of result.paretoFront) expect(metrics!.accuracyDrop).toBeDefined();
      // A resumed run takes it from the checkpoint.
      const again = await engine.runEvolution(LAYERS, { checkpoint: { store } });
      expect(evaluator.calls.filter((key) => key === FLOAT)).toHaveLength(1);
      expect(archiveToString(again)).toBe(archiveToString(result));
    }
    const one = engineOf({ maxAccuracyDrop: 0.05, maxEvaluations: 1 }, formulaEvaluator());
    await expect(one.runEvolution(LAYERS)).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      path: "maxEvaluations",
    });
    const failing = formulaEvaluator({}, { before: () => Promise.reject(new Error("no float")) });
    await expect(
      engineOf({ maxAccuracyDrop: 0.05 }, failing).runEvolution(LAYERS),
    ).rejects.toMatchObject({ code: "EVALUATION_FAILED", message: /no float/ });
  });

  it("says by how much it is missed, and is compared with the bound when asked", async () => {
    const evaluator = formulaEvaluator();
    const evaluate: AccuracyEvaluator["evaluate"] = async (genome, options) => ({
      ...(await evaluator.evaluate(genome, options)),
      standardError: 0.02,
    });
    const measured = { ...evaluator, evaluate, baseline: baseline(1) };
    const run = (config: QuantizationEvolutionConfig) =>
      engineOf({ maxAccuracyDrop: 0.01, ...config }, measured).runEvolution(LAYERS);
    const { feasible, violatedLimits, paretoFront } = await run({ accuracyLimitOn: "lower-bound" });
    expect(feasible).toBe(false);
    const { accuracyDrop, accuracyDropUpperBound } = paretoFront[0]!.metrics!;
    expect(accuracyDropUpperBound).toBeCloseTo(accuracyDrop! + 1.96 * 0.02, 4);
    expect(violatedLimits).toMatchObject([
      { limit: "maxAccuracyDrop", allowed: 0.01, reached: accuracyDropUpperBound },
    ]);
    expect(violatedLimits[0]!.excess).toBeCloseTo(accuracyDropUpperBound! - 0.01, 12);
    const wide = await run({ maxAccuracyDrop: 0.1, accuracyLimitOn: "lower-bound" });
    const loose = await run({ maxAccuracyDrop: 0.1 });
    const worst = (result: typeof wide) =>
      Math.max(...result.paretoFront.map(({ metrics }) => metrics!.accuracyDrop!));
    expect(worst(wide)).toBeLessThanOrEqual(0.1 - 1.959 * 0.02);
    expect(worst(loose)).toBeGreaterThan(worst(wide));
  });

  it("holds for genomes that are evaluated or explained outside a run", async () => {
    const engine = engineOf({ maxAccuracyDrop: 0.05 }, formulaEvaluator());
    const { paretoFront } = await engine.runEvolution(LAYERS, { maxGenerations: 0 });
    const [again] = await engine.evaluateGenomes(LAYERS, [paretoFront[0]!.with({})]);
    expect(again!.metrics).toEqual(paretoFront[0]!.metrics);
    const { limits } = await engine.explainGenome(LAYERS, paretoFront[0]!);
    expect(limits).toMatchObject([
      { name: "maxAccuracyDrop", limit: 0.05, value: paretoFront[0]!.metrics!.accuracyDrop },
    ]);
  });
});

describe("a limit that the float32 model does not keep", () => {
  it("is refused before the search, with what it reaches", async () => {
    const evaluator = formulaEvaluator();
    const known = { ...evaluator, baseline: baseline(0.9, { interval: [0.8, 0.95] }) };
    await expect(engineOf({ minAccuracy: 0.91 }, known).runEvolution(LAYERS)).rejects.toMatchObject(
      { code: "INVALID_CONFIG", path: "minAccuracy", message: /0\.91.*0\.9;.*maxAccuracyDrop/ },
    );
    await expect(
      engineOf({ minAccuracy: 0.85, accuracyLimitOn: "lower-bound" }, known).runEvolution(LAYERS),
    ).rejects.toMatchObject({ code: "INVALID_CONFIG", message: /lower bound.*0\.8;/ });
    expect(evaluator.calls).toEqual([]);
    await engineOf({ minAccuracy: 0.9 }, known).runEvolution(LAYERS, { maxGenerations: 0 });
    expect(evaluator.calls.length).toBeGreaterThan(0);
  });
});

describe("what speaks against the baseline", () => {
  it("is a warning of the result and of the stream, before any evaluation", async () => {
    const notes = ["no better than guessing"];
    const engine = engineOf({}, { ...formulaEvaluator(), baseline: baseline(0.1, { notes }) });
    const events = [];
    for await (const event of engine.stream(LAYERS, { maxGenerations: 0 })) events.push(event);
    expect(events[0]).toEqual({ type: "warning", message: notes[0] });
    const last = events.at(-1)!;
    expect(last.type === "stopped" && last.result.warnings).toEqual(notes);
    expect((await engineOf({}, formulaEvaluator()).runEvolution(LAYERS)).warnings).toEqual([]);
  });
});
