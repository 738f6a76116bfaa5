import { describe, expect, it } from "vitest";
import { EvaluationError, InvalidArgumentError } from "../../src/errors.js";
import {
  createEvaluationContext,
  type EvaluationDependencies,
  evaluateGenome,
} from "../../src/evaluation/evaluate-genome.js";
import type { AccuracyEvaluator } from "../../src/evaluation/evaluator.js";
import { float32SizeBytes, genomeSizeBytes } from "../../src/evaluation/genome-size.js";
import { OBJECTIVE_NAMES, objectiveVector } from "../../src/evaluation/objectives.js";
import { float32Genome, uniformGenome } from "../../src/evaluation/uniform-genome.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { bitCost, evaluatorOf, smallModel } from "./small-models.js";

const weights = { accuracyWeight: 1, compressionWeight: 1, latencyWeight: 1, energyWeight: 1 };
const PARAMETERS = 4 * 36 + 8 * 64 + 32 * 64 + 10 * 32;
const dependencies = (patch: Partial<EvaluationDependencies> = {}): EvaluationDependencies => ({
  model: smallModel,
  evaluator: evaluatorOf(() => 0.9),
  costModel: bitCost,
  targets: {},
  weights,
  ...patch,
});
const evaluate = (
  patch: Partial<EvaluationDependencies> = {},
  genome = uniformGenome(smallModel, { weightBits: 4 }),
) => evaluateGenome(genome, createEvaluationContext(dependencies(patch)));

describe("genomeSizeBytes", () => {
  it("counts codes, scales, zero points and what stays in float32", () => {
    expect(float32SizeBytes(smallModel)).toBe(4 * (PARAMETERS + 10));
    expect(genomeSizeBytes(smallModel, float32Genome(smallModel))).toBe(4 * (PARAMETERS + 10));
    const channels = 4 + 8 + 32 + 10;
    expect(genomeSizeBytes(smallModel, uniformGenome(smallModel, { weightBits: 4 }))).toBe(
      PARAMETERS / 2 + 4 * channels + 40,
    );
    const asymmetric = uniformGenome(smallModel, { weightBits: 8, weightScheme: "asymmetric" });
    expect(genomeSizeBytes(smallModel, asymmetric)).toBe(PARAMETERS + 5 * channels + 40);
    const grouped = uniformGenome(smallModel, {
      weightBits: 8,
      granularity: "per-group",
      groupSize: 32,
    });
    expect(genomeSizeBytes(smallModel, grouped)).toBe(
      PARAMETERS + 4 * (4 * 2 + 8 * 2 + 32 * 2 + 10) + 40,
    );
    const tensors = uniformGenome(smallModel, { weightBits: 8, granularity: "per-tensor" });
    expect(genomeSizeBytes(smallModel, tensors)).toBe(PARAMETERS + 16 + 40);
  });

  it("makes a layout from counts when there is none", () => {
    const bare = smallModel.layers.map(({ weightLayout: _, weights: __, ...rest }) => rest);
    const [stem] = bare;
    const odd = [
      { ...stem!, outputShape: [1, 7] },
      { ...stem!, name: "scalar", outputShape: [] },
    ];
    const grown = {
      ...smallModel,
      layers: [...bare, ...odd.map((layer, i) => ({ ...layer, name: `odd${i}` }))],
    };
    const genome = uniformGenome(grown, { weightBits: 8 });
    expect(genomeSizeBytes(grown, genome)).toBe(PARAMETERS + 4 * 54 + 40 + 2 * (144 + 4));
  });

  it("refuses a genome of another model", () => {
    const other = new QuantizationGenome({ layerConfigs: { stem: {} } });
    expect(() => genomeSizeBytes(smallModel, other)).toThrow('no settings for layer "__proto__"');
  });
});

describe("evaluateGenome", () => {
  it("puts everything that was found on the genome", async () => {
    const genome = uniformGenome(smallModel, { weightBits: 8 });
    const evaluated = await evaluate({}, genome);
    const sizeBytes = PARAMETERS + 4 * 54 + 40;
    expect(evaluated.metrics).toEqual({
      accuracy: 0.9,
      accuracyKind: "measured",
      accuracyMetric: "top-1",
      accuracyMetricValue: 0.9,
      compressionRatio: (4 * (PARAMETERS + 10)) / sizeBytes,
      sizeBytes,
      storedBytes: PARAMETERS,
      inferenceLatencyMs: (8 * PARAMETERS) / 1e4,
      memoryFootprintMb: (8 * PARAMETERS) / 8e6,
      energyPerInferenceMj: (8 * PARAMETERS) / 1e5,
      costKind: "predicted",
      fitnessScore: expect.closeTo(
        (0.9 + (4 * (PARAMETERS + 10)) / (4 * (PARAMETERS + 10) + sizeBytes) + 0.8 + 0.8) / 4,
        12,
      ),
      violations: {},
    });
    expect(evaluated.key).toBe(genome.key);
    expect(OBJECTIVE_NAMES).toEqual(["accuracyLoss", "sizeBytes", "latencyMs", "energyMj"]);
    const { metrics } = evaluated;
    expect(objectiveVector(metrics!)).toEqual([
      1 - 0.9,
      sizeBytes,
      metrics!.inferenceLatencyMs,
      metrics!.energyPerInferenceMj,
    ]);
  });

  it("the float32 genome has half of every saving", async () => {
    const evaluated = await evaluate(
      { evaluator: evaluatorOf(() => 1) },
      float32Genome(smallModel),
    );
    expect(evaluated.fitnessScore).toBeCloseTo(0.625, 12);
    expect(evaluated.compressionRatio).toBe(1);
  });

  it("names broken limits and scores below 0", async () => {
    const refusing = {
      ...bitCost,
      estimate: (...args: Parameters<typeof bitCost.estimate>) => ({
        ...bitCost.estimate(...args),
        refusedLayers: ["stem"],
      }),
    };
    const evaluated = await evaluate({
      targets: { minAccuracy: 1, targetLatencyMs: 1e-3 },
      costModel: refusing,
    });
    expect(Object.keys(evaluated.metrics!.violations).sort()).toEqual([
      "minAccuracy",
      "refusedLayers",
      "targetLatencyMs",
    ]);
    expect(evaluated.metrics!.violations.refusedLayers).toBe(0.25);
    expect(evaluated.fitnessScore).toBeLessThan(0);
  });

  it("wraps what an evaluator throws, with its reason", async () => {
    const cause = new Error("no such device");
    const failing = evaluate({ evaluator: evaluatorOf(() => Promise.reject(cause)) });
    await expect(failing).rejects.toThrow(EvaluationError);
    await expect(failing).rejects.toMatchObject({
      message: "the evaluator failed: no such device",
      cause,
    });
    const throwing: AccuracyEvaluator = {
      kind: "measured",
      evaluate: () => {
        throw "text";
      },
    };
    await expect(evaluate({ evaluator: throwing })).rejects.toThrow("the evaluator failed: text");
  });

  it("refuses answers that are no accuracy and says what they were", async () => {
    for (const accuracy of [Number.NaN, -0.1, 1.01, Number.POSITIVE_INFINITY])
      await expect(evaluate({ evaluator: evaluatorOf(() => accuracy) })).rejects.toThrow(
        `accuracy ${accuracy}; allowed: a number from 0 to 1`,
      );
    const answers: [unknown, string][] = [
      [undefined, "returned undefined"],
      [null, "returned null"],
      [0.9, "returned 0.9"],
      [{ accuracy: "0.9" }, 'accuracy "0.9"'],
      [{ accuracy: [1] }, "accuracy an object"],
      [{ accuracy: 1, kind: "guessed" }, 'kind "guessed"'],
      [{ accuracy: 1, kind: "measured", metricValue: Number.NaN }, "metricValue NaN"],
      [{ accuracy: 1, kind: "measured", metricValue: 1, source: "" }, "metric undefined"],
      [{ accuracy: 1, kind: "measured", metricValue: 1, metric: "m" }, "source undefined"],
    ];
    for (const [answer, message] of answers) {
      const evaluator: AccuracyEvaluator = {
        kind: "measured",
        evaluate: async () => answer as never,
      };
      await expect(evaluate({ evaluator })).rejects.toThrow(message);
      await expect(evaluate({ evaluator })).rejects.toThrow(EvaluationError);
    }
  });

  it("passes an abort on as it is", async () => {
    const reason = new Error("enough");
    const evaluator = evaluatorOf((_, signal) => {
      signal?.throwIfAborted();
      return 1;
    });
    const context = createEvaluationContext(dependencies({ evaluator }));
    const genome = float32Genome(smallModel);
    await expect(
      evaluateGenome(genome, context, { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });

  it("believes no cost model either", async () => {
    const withCost = (patch: object) => ({
      ...bitCost,
      estimate: (...args: Parameters<typeof bitCost.estimate>) => ({
        ...bitCost.estimate(...args),
        ...patch,
      }),
    });
    expect(() =>
      createEvaluationContext(dependencies({ costModel: withCost({ latencyMs: Number.NaN }) })),
    ).toThrow("returned latencyMs NaN");
    expect(() =>
      createEvaluationContext(dependencies({ costModel: withCost({ energyMj: -1 }) })),
    ).toThrow(EvaluationError);
    expect(() =>
      createEvaluationContext(dependencies({ costModel: withCost({ refusedLayers: undefined }) })),
    ).toThrow("refusedLayers");
    const broken = {
      ...bitCost,
      estimate: () => {
        throw new Error("melted");
      },
    };
    expect(() => createEvaluationContext(dependencies({ costModel: broken }))).toThrow(
      "the cost model failed: melted",
    );
    const silent = { ...bitCost, estimate: () => undefined as never };
    expect(() => createEvaluationContext(dependencies({ costModel: silent }))).toThrow(
      "returned latencyMs undefined",
    );
  });

  it("carries the cost model's uncertainty, and none where nobody has checked it", async () => {
    const unsure = (uncertainty: unknown) => ({
      costModel: {
        ...bitCost,
        estimate: (...asked: Parameters<typeof bitCost.estimate>) =>
          ({ ...bitCost.estimate(...asked), uncertainty }) as ReturnType<typeof bitCost.estimate>,
      },
    });
    const { metrics } = await evaluate(unsure({ latency: 0.12, energy: 0.5, source: "30 points" }));
    expect(metrics).toMatchObject({ latencyRelativeError: 0.12, energyRelativeError: 0.5 });
    expect((await evaluate()).metrics).not.toHaveProperty("latencyRelativeError");
    for (const latency of [-0.1, Number.NaN, Number.POSITIVE_INFINITY, "0.1"])
      expect(() =>
        createEvaluationContext(dependencies(unsure({ latency, energy: 0.5, source: "" }))),
      ).toThrow(expect.objectContaining({ path: "costModel.uncertainty.latency" }));
  });

  it("checks limits and weights before anything runs", () => {
    expect(() =>
      createEvaluationContext(dependencies({ targets: { targetMemoryMb: -1 } })),
    ).toThrow(InvalidArgumentError);
    expect(() =>
      createEvaluationContext(dependencies({ weights: { ...weights, energyWeight: -1 } })),
    ).toThrow(InvalidArgumentError);
  });
});
