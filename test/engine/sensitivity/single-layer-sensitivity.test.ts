import { describe, expect, it } from "vitest";
import { MeasuredRecord } from "../../../src/engine/budget/measured-record.js";
import { resolveConfig } from "../../../src/engine/config.js";
import { EvaluationLedger } from "../../../src/engine/ledger/evaluation-ledger.js";
import { geneSpaceOf } from "../../../src/engine/run/gene-space-of.js";
import { singleLayerSensitivity } from "../../../src/engine/sensitivity/single-layer-sensitivity.js";
import { createEvaluationContext } from "../../../src/evaluation/evaluate-genome.js";
import { createNoiseTable } from "../../../src/evaluation/noise/noise-table.js";
import { costModelFor } from "../../../src/hardware/registry.js";
import {
  type AccuracyEstimate,
  type AccuracyEvaluator,
  archiveToString,
  QuantizationEvolutionEngine,
} from "../../../src/index.js";
import { sampledEvaluator } from "../budget/sampled-evaluator.js";
import { memoryStore } from "../checkpoint/stores.js";
import { TINY_LAYERS } from "../fakes.js";

const SAMPLES = 32;
const SAMPLE_COUNT = 256;
const model = { name: "tiny", layers: TINY_LAYERS, source: "user" as const };
const names = TINY_LAYERS.map(({ name }) => name);
const costModel = costModelFor("arm-neon");
const space = geneSpaceOf(model, resolveConfig(), costModel);
const noiseTable = createNoiseTable(model, { per: "tensor" });

function estimateOf(scores: Float32Array): AccuracyEstimate {
  const accuracy = scores.reduce((sum, score) => sum + score / scores.length, 0);
  return {
    kind: "measured",
    accuracy,
    metric: "formula",
    metricValue: accuracy,
    samples: scores.length,
    sampleScores: scores,
    source: "test",
  };
}

/**
 * Measures layers that each lose half of every nth score.
 * @param budget whole evaluations that a second measurement may cost, and that are left in all
 * @param fails layers whose evaluation fails
 */
async function measure(
  everyNth: Readonly<Record<string, number>>,
  { remeasureAllowance = 4, left = 100 } = {},
  fails: readonly string[] = [],
) {
  const asked: { name: string; samples: number }[] = [];
  const baseline = estimateOf(new Float32Array(SAMPLE_COUNT).fill(1));
  const evaluator: AccuracyEvaluator = {
    kind: "measured",
    sampleCount: SAMPLE_COUNT,
    baseline,
    async evaluate(genome, { samples = SAMPLE_COUNT }) {
      const [name] = [...genome.layerConfigs].find(([, { weightBits }]) => weightBits !== 32)!;
      asked.push({ name, samples });
      if (fails.includes(name)) throw new Error("no answer");
      return estimateOf(
        Float32Array.from({ length: samples }, (_, i) => (i % everyNth[name]! === 0 ? 0.5 : 1)),
      );
    },
  };
  const weights = { accuracyWeight: 1, compressionWeight: 1, latencyWeight: 1, energyWeight: 1 };
  const context = createEvaluationContext({ model, costModel, evaluator, targets: {}, weights });
  const layerPrior = { weights: new Map<string, number>(), deviations: new Map<string, number>() };
  const record = new MeasuredRecord({ model, noiseTable, layerPrior, baseline });
  const ledger = new EvaluationLedger(context, {
    concurrency: 1,
    caching: true,
    onEvaluated: (one) => record.add(one),
  });
  const found = await singleLayerSensitivity({
    model,
    space,
    noiseTable,
    ledger,
    record,
    samples: SAMPLES,
    sampleCount: SAMPLE_COUNT,
    remeasureAllowance,
    left: () => left,
  });
  expect(asked.slice(0, names.length)).toEqual(names.map((name) => ({ name, samples: SAMPLES })));
  return { found: found!, again: asked.slice(names.length) };
}

const PRECISE = { embedding: 1, attention: 1, ffn: 1, output: 1 };
/** Its error is half of its loss. */
const IMPRECISE = 8;

describe("singleLayerSensitivity", () => {
  it("measures imprecise layers alone again, on as many samples as make them precise", async () => {
    const { found, again } = await measure({ ...PRECISE, ffn: IMPRECISE, output: IMPRECISE });
    expect(again.map(({ name }) => name)).toEqual(["ffn", "output"]);
    for (const { samples } of again) {
      expect(samples).toBeGreaterThanOrEqual(2 * SAMPLES);
      expect(samples).toBeLessThan(SAMPLE_COUNT);
    }
    expect(found.cut).toBe(false);
    // A fifth, and a tenth for what one width does not tell of others.
    expect(found.deviations.get("ffn")).toBeCloseTo(Math.hypot(0.2, 0.1), 1);
    expect(found.deviations.get("embedding")!).toBeLessThan(0.12);
    expect(found.lossIncreases.get("ffn")).toBeCloseTo(0.5 / IMPRECISE, 2);
    expect((await measure(PRECISE)).again).toEqual([]);
  });

  it("shares the allowance of second measurements, skips one with few more samples", async () => {
    const all = { embedding: 40, attention: IMPRECISE, ffn: IMPRECISE, output: IMPRECISE };
    expect((await measure(all, { remeasureAllowance: 1.5 })).again).toEqual(
      names.map((name) => ({ name, samples: 96 })),
    );
    const { again, found } = await measure(all, { remeasureAllowance: 0.9 });
    expect(again).toEqual([]);
    expect(found.cut).toBe(false);
  });

  it("takes no more than a third of what is left, and says so", async () => {
    const all = { embedding: 40, attention: IMPRECISE, ffn: IMPRECISE, output: IMPRECISE };
    const [short, enough] = [
      await measure(all, { remeasureAllowance: 1.5, left: 4.4 }),
      await measure(all, { remeasureAllowance: 1.5, left: 4.5 }),
    ];
    expect(short.again).toEqual([]);
    expect(short.found.cut).toBe(true);
    expect(enough.again).toHaveLength(names.length);
    expect(enough.found.cut).toBe(false);
    expect((await measure(PRECISE, { left: 0 })).found.cut).toBe(false);
  });

  it("measures no layer again whose measurement failed", async () => {
    const all = { embedding: 40, attention: IMPRECISE, ffn: IMPRECISE, output: IMPRECISE };
    const { again, found } = await measure(all, { remeasureAllowance: 1.5 }, ["attention"]);
    // What the one that failed would cost goes to the others.
    expect(again).toEqual(["embedding", "ffn", "output"].map((name) => ({ name, samples: 128 })));
    expect(found.lossIncreases.get("attention")).toBe(Math.max(...found.lossIncreases.values()));
    expect(found.deviations.get("attention")).toBeCloseTo(1, 1);
  });

  it("resumes a checkpoint without second measurements as an uninterrupted run goes", async () => {
    const run = async (maxEvaluations: number, store = memoryStore()) => {
      const evaluator = sampledEvaluator({ embedding: 0.05, attention: 2, ffn: 0.1, output: 1 });
      const asked: number[] = [];
      const engine = new QuantizationEvolutionEngine(
        { populationSize: 8, maxGenerations: 20, maxEvaluations, seed: 3, parallelEvaluations: 1 },
        {
          evaluator: {
            ...evaluator,
            evaluate: (genome, options) => {
              asked.push(
                [...genome.layerConfigs.values()].filter((one) => one.weightBits !== 32).length,
              );
              return evaluator.evaluate(genome, options);
            },
          },
        },
      );
      const result = await engine.runEvolution(TINY_LAYERS, { checkpoint: { store } });
      return { ...result, singles: asked.filter((layers) => layers === 1).length };
    };
    const store = memoryStore();
    const short = await run(11, store);
    expect(short.singles).toBe(names.length);
    expect(short.generations).toBeGreaterThan(0);
    const [resumed, whole] = [await run(30, store), await run(30)];
    expect(whole.singles).toBe(2 * names.length);
    expect(archiveToString(resumed)).toBe(archiveToString(whole));
  });
});
