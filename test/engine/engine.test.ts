import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type AccuracyEvaluator,
  archiveToString,
  costModelFor,
  EvaluationError,
  type EvolutionResult,
  type HardwareCostModel,
  hardwareProfiles,
  InvalidArgumentError,
  InvalidConfigError,
  NotRunError,
  parseQuantizationDocument,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
  type QuantizationGenome,
  UnsupportedError,
} from "../../src/index.js";
import { dominates } from "../../src/pareto/index.js";
import { formulaEvaluator, WIDTHS_ONLY } from "./fakes.js";

const LAYERS = ["embedding", "attention", "ffn", "output"];
const SMALL: QuantizationEvolutionConfig = { populationSize: 12, maxGenerations: 6, seed: 3 };

const vector = (g: QuantizationGenome) => [
  1 - g.accuracy!,
  g.metrics!.sizeBytes,
  g.inferenceLatencyMs!,
  g.energyPerInferenceMj!,
];

/** The methods of a cost model, which live on its class. */
function costsOf(model: HardwareCostModel): Pick<HardwareCostModel, "supports" | "estimate"> {
  return { supports: model.supports.bind(model), estimate: model.estimate.bind(model) };
}

async function run(
  config: QuantizationEvolutionConfig = {},
  evaluator: AccuracyEvaluator = formulaEvaluator(),
): Promise<EvolutionResult> {
  return new QuantizationEvolutionEngine({ ...SMALL, ...config }, { evaluator }).runEvolution(
    LAYERS,
  );
}

describe("runEvolution", () => {
  it("keeps every genome that no other dominates, and nothing else", async () => {
    const all: QuantizationGenome[] = [];
    // A target that refuses none of these settings: refused genomes are not in the front.
    const engine = new QuantizationEvolutionEngine(
      { ...SMALL, hardwareTarget: "intel-vnni" },
      {
        evaluator: formulaEvaluator({}, { before: (genome) => void all.push(genome) }),
      },
    );
    const result = await engine.runEvolution(LAYERS);
    const evaluated = await engine.evaluateGenomes(LAYERS, all);
    const front = result.paretoFront;
    expect(front.length).toBeGreaterThan(3);
    for (const genome of front)
      expect(evaluated.some((other) => dominates(vector(other), vector(genome)))).toBe(false);
    for (const genome of evaluated)
      expect(
        front.some((other) => vector(other).every((value, k) => value <= vector(genome)[k]!)),
        genome.key,
      ).toBe(true);
    expect(engine.paretoFront).toEqual(front);
    expect(engine.getBestGenome()).toBe(result.best);
    for (const genome of front)
      expect(genome.fitnessScore).toBeLessThanOrEqual(result.best!.fitnessScore);
  });

  it("says what it did", async () => {
    const evaluator = formulaEvaluator();
    const result = await run({ hardwareTarget: "arm-dot" }, evaluator);
    expect(result).toMatchObject({
      generations: 6,
      stopReason: "max-generations",
      failures: [],
      feasible: true,
      accuracyKind: "measured",
      target: "arm-dot",
      seed: 3,
    });
    expect(result.evaluations).toBe(evaluator.calls.length);
    expect(result.evaluations).toBe(12 * 7);
    expect(result.history.map((stats) => stats.generation)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const best = result.history.map((stats) => stats.bestFitness);
    expect(best).toEqual(best.toSorted((a, b) => a - b));
    expect(best.at(-1)).toBe(result.best?.fitnessScore);
    expect(result.history.at(-1)).toMatchObject({
      frontSize: result.paretoFront.length,
      failures: 0,
    });
    for (const genome of result.paretoFront)
      expect(genome.metrics).toMatchObject({ accuracyKind: "measured" });
  });

  it("starts with the uniform baselines, so none of them dominates the front", async () => {
    const evaluator = formulaEvaluator();
    await run({ maxGenerations: 0, minBits: 2, populationSize: 8 }, evaluator);
    const uniform = evaluator.calls.filter((key) => new Set(key.match(/:w\d+/g)).size === 1);
    const widths = new Set(uniform.map((key) => key.match(/:w(\d+)/)?.[1]));
    expect([...widths].sort()).toEqual(["2", "3", "4", "5", "6", "8"]);
  });

  it("finds the best genome of a small space", async () => {
    // Bits only: 4 layers of 4 widths. Fitness by accuracy and size decides; all 256 are tried
    // beside it.
    const weights = { embedding: 0.001, attention: 0.2, ffn: 0.01, output: 0.05 };
    const engine = new QuantizationEvolutionEngine(
      { ...WIDTHS_ONLY, seed: 1, populationSize: 20, maxGenerations: 12 },
      { evaluator: formulaEvaluator(weights) },
    );
    const { best, evaluations } = await engine.runEvolution(LAYERS);
    const bits = [4, 5, 6, 8] as const;
    const all = bits.flatMap((a) =>
      bits.flatMap((b) => bits.flatMap((c) => bits.map((d) => [a, b, c, d] as const))),
    );
    const genomes = all.map((widths) =>
      best!.with({
        layerConfigs: new Map(
          [...best!.layerConfigs].map(([name, layer], i) => [
            name,
            layer.with({ weightBits: widths[i]! }),
          ]),
        ),
      }),
    );
    const evaluated = await engine.evaluateGenomes(LAYERS, genomes);
    expect(Math.max(...evaluated.map((genome) => genome.fitnessScore))).toBe(best!.fitnessScore);
    expect(evaluations).toBeLessThanOrEqual(256);
  });

  it(
    "is the same for a seed, whatever the number of evaluations in flight, and differs for " +
      "another",
    async () => {
      const slow = () =>
        formulaEvaluator(
          {},
          { before: (g) => new Promise((r) => setTimeout(r, g.key.length % 3)) },
        );
      const one = slow();
      const four = slow();
      const config = { populationSize: 8, maxGenerations: 3 };
      const a = await run({ ...config, parallelEvaluations: 1 }, one);
      const b = await run({ ...config, parallelEvaluations: 4 }, four);
      expect(archiveToString(b)).toBe(archiveToString(a));
      expect(b.history).toEqual(a.history);
      expect(one.mostInFlight).toBe(1);
      expect(four.mostInFlight).toBe(4);
      const c = await run({ ...config, seed: 4 });
      expect(archiveToString(c)).not.toBe(archiveToString(a));
    },
  );

  it("starts fresh on a second run, and refuses two at once", async () => {
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator: formulaEvaluator() });
    const first = engine.runEvolution(LAYERS);
    await expect(engine.runEvolution(LAYERS)).rejects.toBeInstanceOf(UnsupportedError);
    const a = await first;
    const b = await engine.runEvolution(LAYERS);
    expect(archiveToString(b)).toBe(archiveToString(a));
    expect(b.evaluations).toBe(a.evaluations);
    await engine.runEvolution(["other"], { maxGenerations: 0 });
    expect([...engine.getBestGenome().layerConfigs.keys()]).toEqual(["other"]);
  });

  it("refuses bad arguments", async () => {
    const engine = new QuantizationEvolutionEngine(SMALL);
    for (const maxGenerations of [-1, 1.5, Number.NaN])
      await expect(engine.runEvolution(LAYERS, { maxGenerations })).rejects.toMatchObject({
        path: "maxGenerations",
      });
    const sparse = [undefined, "a"];
    delete sparse[0];
    for (const layers of [
      [],
      ["a", "a"],
      [""],
      null,
      7,
      [{}],
      sparse,
      { name: "m", source: "user", layers: sparse },
    ])
      await expect(engine.runEvolution(layers as string[])).rejects.toBeInstanceOf(
        InvalidArgumentError,
      );
    await expect(engine.runEvolution(LAYERS, { callback: 1 as never })).rejects.toMatchObject({
      path: "callback",
    });
    expect(
      () => new QuantizationEvolutionEngine({ hardwareTarget: "abacus" as "arm-dot" }),
    ).toThrow(InvalidConfigError);
    expect(() => new QuantizationEvolutionEngine({ hardwareTarget: {} as never })).toThrow(
      InvalidConfigError,
    );
    expect(() => new QuantizationEvolutionEngine({}, { evaluator: {} as never })).toThrow(
      InvalidArgumentError,
    );
    expect(() => new QuantizationEvolutionEngine({}, { costModel: 3 as never })).toThrow(
      InvalidArgumentError,
    );
  });

  it("refuses a configuration, parts and options that are none, or have unknown fields", async () => {
    for (const config of [null, new Map(), new Date(), [], "x", 3, () => {}])
      expect(() => new QuantizationEvolutionEngine(config as never)).toThrow(InvalidConfigError);
    const refusal = (path: string) => ({ code: "INVALID_ARGUMENT", path });
    const thrown = (action: () => unknown) => {
      try {
        action();
      } catch (error) {
        return error;
      }
      return undefined;
    };
    const evaluator = formulaEvaluator();
    for (const [parts, path] of [
      [null, "parts"],
      [[], "parts"],
      [new Map(), "parts"],
      [evaluator.evaluate, "parts"],
      [{ evaluatr: evaluator }, "evaluatr"],
      [{ evaluator: { evaluate: evaluator.evaluate } }, "evaluator.kind"],
    ] as const)
      expect(
        thrown(() => new QuantizationEvolutionEngine({}, parts as never)),
        path,
      ).toMatchObject(refusal(path));
    const message = thrown(
      () => new QuantizationEvolutionEngine({}, { evaluatr: evaluator } as never),
    );
    expect(String(message)).toContain("evaluator, costModel");

    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator });
    for (const [options, path] of [
      [null, "options"],
      [() => {}, "options"],
      [{ callbak: () => {} }, "callbak"],
      [{ signal: {} }, "signal"],
      [{ signal: null }, "signal"],
      [{ signal: "stop" }, "signal"],
      [{ signal: new AbortController() }, "signal"],
    ] as const) {
      await expect(engine.runEvolution(LAYERS, options as never)).rejects.toMatchObject(
        refusal(path),
      );
      await expect(engine.evaluateGenomes(LAYERS, [], options as never)).rejects.toMatchObject(
        refusal(path),
      );
      await expect(engine.analyzeSensitivity(LAYERS, options as never)).rejects.toMatchObject(
        refusal(path),
      );
    }
    expect(evaluator.calls).toEqual([]);
  });

  it("takes the costs that the evaluator offers, unless it is given others", async () => {
    const asked: string[] = [];
    const offered = costModelFor("arm-dot");
    const evaluator: AccuracyEvaluator = {
      ...formulaEvaluator(),
      costModel(target) {
        asked.push(target);
        return target === "intel-vnni" ? { ...costsOf(offered), target: "offered" } : undefined;
      },
    };
    const targetOf = async (config: object, parts: object = {}) => {
      const engine = new QuantizationEvolutionEngine(
        { ...SMALL, maxGenerations: 1, ...config },
        { evaluator, ...parts },
      );
      return (await engine.runEvolution(LAYERS)).target;
    };
    expect(await targetOf({ hardwareTarget: "intel-vnni" })).toBe("offered");
    expect(await targetOf({ hardwareTarget: "arm-neon" })).toBe("arm-neon");
    expect(asked).toEqual(["intel-vnni", "arm-neon"]);
    // A profile, and a cost model, are the user's own choice.
    const profile = hardwareProfiles.find(({ target }) => target === "intel-vnni")!;
    expect(await targetOf({ hardwareTarget: profile })).toBe("intel-vnni");
    const costModel = costModelFor("arm-neon");
    expect(await targetOf({ hardwareTarget: "intel-vnni" }, { costModel })).toBe("arm-neon");
    expect(asked).toHaveLength(2);
    const wrong = { ...formulaEvaluator(), costModel: 3 as never };
    expect(() => new QuantizationEvolutionEngine(SMALL, { evaluator: wrong })).toThrow(
      /evaluator.costModel is 3; allowed: a function/,
    );
  });

  it("refuses what are no genomes", async () => {
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator: formulaEvaluator() });
    for (const [genomes, path] of [
      ["x", "genomes"],
      [undefined, "genomes"],
      [["x"], "genomes.0"],
      [[null], "genomes.0"],
      [[{ layerConfigs: new Map() }], "genomes.0"],
      [new Array(1), "genomes.0"],
    ] as const)
      await expect(engine.evaluateGenomes(LAYERS, genomes as never)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        path,
      });
    await expect(
      engine.exportQuantizationConfig("x" as never, "/nowhere/x.json"),
    ).rejects.toMatchObject({
      path: "genome",
    });
  });

  it("takes hostile names as names", async () => {
    const names = ["__proto__", "constructor", "2", "1"];
    const { best } = await new QuantizationEvolutionEngine({
      ...SMALL,
      maxGenerations: 2,
    }).runEvolution(names);
    expect([...best!.layerConfigs.keys()]).toEqual(names);
  });
});

describe("constraints", () => {
  it(
    "puts feasible genomes before all others, and shows infeasible ones only when there is " +
      "nothing else",
    async () => {
      const free = await run();
      const latencies = free.paretoFront
        .map((genome) => genome.inferenceLatencyMs!)
        .sort((a, b) => a - b);
      const limit = latencies[Math.floor(latencies.length / 2)]!;
      const limited = await run({ targetLatencyMs: limit });
      expect(limited.feasible).toBe(true);
      for (const genome of limited.paretoFront)
        expect(genome.inferenceLatencyMs).toBeLessThanOrEqual(limit);

      const hopeless = await run({ targetLatencyMs: 1e-9, minAccuracy: 1 });
      expect(hopeless.feasible).toBe(false);
      expect(hopeless.paretoFront.length).toBeGreaterThan(0);
      expect(hopeless.best!.fitnessScore).toBeLessThan(0);
      expect(hopeless.best!.metrics!.violations).toHaveProperty("targetLatencyMs");
    },
  );
});

describe("the switches of the configuration", () => {
  it("minBits, maxBits and the choices bound every genome that is tried", async () => {
    const evaluator = formulaEvaluator();
    await run(
      { minBits: 2, maxBits: 4, weightBitChoices: [2, 4], activationBitChoices: [16] },
      evaluator,
    );
    for (const key of evaluator.calls) {
      expect(new Set(key.match(/:w[\d.]+/g))).not.toContain(":w8");
      for (const [, bits] of key.matchAll(/:w([\d.]+)/g)) expect(["2", "4"]).toContain(bits);
      for (const [, bits] of key.matchAll(/\|a(\d+)/g)) expect(bits).toBe("16");
    }
  });

  it("allowPerChannel and allowPerGroup take granularities away", async () => {
    const evaluator = formulaEvaluator();
    await run({ allowPerChannel: false, allowPerGroup: false }, evaluator);
    for (const key of evaluator.calls) expect(key).not.toMatch(/per-channel|,g\d/);
  });

  it("allowMixedPrecision false gives all layers the same bits", async () => {
    const evaluator = formulaEvaluator();
    await run({ allowMixedPrecision: false }, evaluator);
    for (const key of evaluator.calls) {
      expect(new Set(key.match(/:w[\d.]+/g)).size).toBe(1);
      expect(new Set(key.match(/\|a\d+/g)).size).toBe(1);
    }
  });

  it("layerOverrides pin settings, also outside of the range; tiedLayers are alike", async () => {
    const seen: QuantizationGenome[] = [];
    const evaluator = formulaEvaluator({}, { before: (genome) => void seen.push(genome) });
    await run(
      {
        layerOverrides: {
          output: { weightBits: 16, useSymmetric: false },
          attention: { granularity: "per-tensor" },
        },
        tiedLayers: [["attention", "ffn"]],
      },
      evaluator,
    );
    for (const genome of seen) {
      expect(genome.layerConfigs.get("output")).toMatchObject({
        weightBits: 16,
        useSymmetric: false,
      });
      expect(genome.layerConfigs.get("ffn")).toMatchObject({ granularity: "per-tensor" });
      expect(genome.layerConfigs.get("ffn")!.equals(genome.layerConfigs.get("attention")!)).toBe(
        true,
      );
    }
    for (const [config, path] of [
      [{ layerOverrides: { nowhere: {} } }, "layerOverrides.nowhere"],
      [{ tiedLayers: [["ffn", "nowhere"]] }, "tiedLayers.0.1"],
      [{ tiedLayers: [["ffn", "output"], ["output"]] }, "tiedLayers.1.0"],
    ] as const)
      await expect(run(config)).rejects.toMatchObject({ code: "INVALID_CONFIG", path });
  });

  it("enableCaching spares evaluations where genomes come back", async () => {
    const tiny: QuantizationEvolutionConfig = {
      minBits: 4,
      maxBits: 5,
      activationBitChoices: [8],
      weightSchemes: ["symmetric"],
      activationSchemes: ["asymmetric"],
      calibrationMethods: ["mse"],
      allowPerGroup: false,
      allowPerChannel: false,
      populationSize: 4,
      maxGenerations: 30,
    };
    const cached = formulaEvaluator();
    const with_ = await run({ ...tiny, enableCaching: true }, cached);
    expect(new Set(cached.calls).size).toBe(cached.calls.length);
    expect(with_.evaluations).toBeLessThanOrEqual(16);
    expect(with_.cacheHits).toBeGreaterThan(0);
    const bare = formulaEvaluator();
    const without = await run({ ...tiny, enableCaching: false }, bare);
    expect(bare.calls.length).toBeGreaterThan(new Set(bare.calls).size);
    expect(without.cacheHits).toBe(0);
  });

  it("useSensitivityAnalysis and adaptiveBitAllocation change where the search looks", async () => {
    const keys = async (config: QuantizationEvolutionConfig) => {
      const evaluator = formulaEvaluator();
      const result = await run({ populationSize: 16, maxGenerations: 3, ...config }, evaluator);
      return { calls: evaluator.calls, sensitivity: result.sensitivity };
    };
    const both = await keys({});
    const blind = await keys({ useSensitivityAnalysis: false });
    const plain = await keys({ adaptiveBitAllocation: false });
    expect(both.sensitivity?.size).toBe(4);
    expect(blind.sensitivity).toBeUndefined();
    expect(blind.calls.slice(0, 16)).not.toEqual(both.calls.slice(0, 16));
    expect(plain.calls.slice(0, 16)).not.toEqual(both.calls.slice(0, 16));
    expect(blind.calls.slice(16)).not.toEqual(both.calls.slice(16));
    // The seeds: symmetric, per-channel, 8-bit activations, mixed widths.
    const seeded = (calls: readonly string[]) =>
      calls.slice(0, 16).filter((key) => {
        const widths = key.match(/:w\d+/g) ?? [];
        return (
          new Set(widths).size > 1 &&
          key.match(/w\d+,symmetric,per-channel,true,mse\|a8,asymmetric,mse/g)?.length === 4
        );
      }).length;
    expect(seeded(both.calls)).toBeGreaterThanOrEqual(2);
    expect(seeded(plain.calls)).toBe(0);
  });

  it("improves on where it started: the fitness that the weights ask for rises", async () => {
    const weights = { embedding: 0.0005, attention: 0.08, ffn: 0.002, output: 0.03 };
    for (const seed of [1, 2, 3]) {
      const result = await run(
        { seed, minBits: 2, populationSize: 16, maxGenerations: 15 },
        formulaEvaluator(weights),
      );
      expect(result.best!.fitnessScore).toBeGreaterThan(result.history[0]!.bestFitness);
    }
  });

  it("elitismRatio 1 keeps the fittest of all", async () => {
    const result = await run({ elitismRatio: 1, maxGenerations: 10 });
    // Means of the same values in another order differ in their last digit.
    const averages = result.history.map((stats) => Number(stats.averageFitness.toPrecision(12)));
    expect(averages).toEqual(averages.toSorted((a, b) => a - b));
  });
});

describe("callback, abort and failure", () => {
  it("calls back after every generation, in order, and waits", async () => {
    const seen: number[] = [];
    let busy = false;
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator: formulaEvaluator() });
    const result = await engine.runEvolution(LAYERS, {
      maxGenerations: 4,
      callback: async (generation, best, average, stats) => {
        expect(busy).toBe(false);
        busy = true;
        seen.push(generation);
        expect(best).toBeGreaterThanOrEqual(average);
        expect(stats).toMatchObject({ generation, bestFitness: best, averageFitness: average });
        await new Promise((resolve) => setTimeout(resolve, 2));
        busy = false;
      },
    });
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(result.generations).toBe(4);
  });

  it("ends with what the callback throws; the archive stays readable", async () => {
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator: formulaEvaluator() });
    const reason = new Error("enough");
    const stopped = engine.runEvolution(LAYERS, {
      callback: (generation) => {
        if (generation === 2) throw reason;
      },
    });
    await expect(stopped).rejects.toBe(reason);
    expect(engine.paretoFront.length).toBeGreaterThan(0);
    await engine.runEvolution(LAYERS, { maxGenerations: 0 });
  });

  it("stops within one evaluation on abort and returns what it has", async () => {
    const controller = new AbortController();
    const evaluator = formulaEvaluator(
      {},
      { before: () => void (evaluator.calls.length === 20 && controller.abort()) },
    );
    const engine = new QuantizationEvolutionEngine(
      { ...SMALL, parallelEvaluations: 1 },
      { evaluator },
    );
    const result = await engine.runEvolution(LAYERS, { signal: controller.signal });
    expect(evaluator.calls.length).toBe(20);
    expect(result).toMatchObject({
      stopReason: "aborted",
      generations: 0,
      failures: [],
      evaluations: 20,
    });
    expect(result.history.length).toBe(1);
    expect(result.paretoFront.length).toBeGreaterThan(0);
  });

  it("hands the signal to the evaluator; its AbortError is no failure", async () => {
    const controller = new AbortController();
    const evaluator = formulaEvaluator(
      {},
      {
        before: (_, signal) =>
          new Promise((resolve, reject) => {
            if (evaluator.calls.length < 15) return resolve();
            signal?.addEventListener("abort", () => reject(signal.reason));
            setTimeout(() => controller.abort(), 1);
          }),
      },
    );
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator });
    const result = await engine.runEvolution(LAYERS, { signal: controller.signal });
    expect(result.stopReason).toBe("aborted");
    expect(result.failures).toEqual([]);
  });

  it("does not wait for an evaluator that never settles", async () => {
    const controller = new AbortController();
    const stuck = () => {
      setTimeout(() => controller.abort(), 10);
      return new Promise<void>(() => {});
    };
    const evaluator = formulaEvaluator(
      {},
      { before: () => (evaluator.calls.length > 14 ? stuck() : undefined) },
    );
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator });
    const result = await engine.runEvolution(LAYERS, { signal: controller.signal });
    expect(result).toMatchObject({
      stopReason: "aborted",
      evaluations: 14,
      failures: [],
      generations: 0,
    });
    expect(result.paretoFront.length).toBeGreaterThan(0);
    const signal = () => AbortSignal.timeout(20);
    const timeout = { name: "TimeoutError" };
    await expect(
      engine.evaluateGenomes(LAYERS, [result.best!], { signal: signal() }),
    ).rejects.toMatchObject(timeout);
    await expect(engine.analyzeSensitivity(LAYERS, { signal: signal() })).rejects.toMatchObject(
      timeout,
    );
  });

  it("does not wait for a callback that never settles, and ignores what it throws too late", async () => {
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator: formulaEvaluator() });
    for (const settle of [
      () => {},
      (reject: (reason: Error) => void) => reject(new Error("late")),
    ]) {
      const controller = new AbortController();
      let settleLate = () => {};
      const callback = () => {
        setTimeout(() => controller.abort(), 5);
        return new Promise<void>((_, reject) => {
          settleLate = () => settle(reject);
        });
      };
      const result = await engine.runEvolution(LAYERS, { callback, signal: controller.signal });
      expect(result).toMatchObject({ stopReason: "aborted", generations: 0 });
      expect(result.history.length).toBe(1);
      expect(result.paretoFront.length).toBeGreaterThan(0);
      settleLate();
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it("still throws what a callback throws at the moment of the abort", async () => {
    const controller = new AbortController();
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator: formulaEvaluator() });
    const callback = async () => {
      controller.abort();
      throw new Error("disk full");
    };
    await expect(
      engine.runEvolution(LAYERS, { callback, signal: controller.signal }),
    ).rejects.toThrow("disk full");
  });

  it("notices an abort in the sensitivity analysis and within a prediction", async () => {
    const layers = Array.from({ length: 40 }, (_, i) => `l${i}`);
    const engine = new QuantizationEvolutionEngine({ populationSize: 4, seed: 1 });
    const early = new AbortController();
    const run = engine.runEvolution(layers, { signal: early.signal });
    setImmediate(() => early.abort());
    expect(await run).toMatchObject({
      stopReason: "aborted",
      evaluations: 0,
      sensitivity: undefined,
    });

    const late = new AbortController();
    const predicting = new QuantizationEvolutionEngine({
      populationSize: 4,
      seed: 1,
      useSensitivityAnalysis: false,
      adaptiveBitAllocation: false,
    }).runEvolution(layers, { signal: late.signal });
    // Four predictions in flight that compute 40 entries each, one a turn.
    let turns = 0;
    const turn = () => (++turns < 8 ? setImmediate(turn) : late.abort());
    setImmediate(turn);
    expect(await predicting).toMatchObject({ stopReason: "aborted", evaluations: 0, failures: [] });
    const preparing = new AbortController();
    const seeding = new QuantizationEvolutionEngine({
      populationSize: 4,
      useSensitivityAnalysis: false,
    });
    const seeded = seeding.runEvolution(layers, { signal: preparing.signal });
    setImmediate(() => setImmediate(() => preparing.abort()));
    expect(await seeded).toMatchObject({ stopReason: "aborted", evaluations: 0 });

    await expect(
      engine.analyzeSensitivity(layers, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({
      name: "AbortError",
    });
  });

  it("fails a genome whose estimate is of another kind than its evaluator", async () => {
    for (const kind of ["predicted", "measured"] as const) {
      const other = kind === "predicted" ? "measured" : "predicted";
      const inner = formulaEvaluator();
      const evaluator: AccuracyEvaluator = {
        kind,
        evaluate: async (genome, options) => ({
          ...(await inner.evaluate(genome, options)),
          kind: inner.calls.length === 5 ? other : kind,
        }),
      };
      const { failures, paretoFront } = await run({ parallelEvaluations: 1 }, evaluator);
      expect(failures.length).toBe(1);
      expect(failures[0]!.error).toBeInstanceOf(EvaluationError);
      expect(failures[0]!.error).toMatchObject({ path: "evaluator.kind" });
      expect(failures[0]!.reason).toContain(other);
      for (const genome of paretoFront) expect(genome.metrics!.accuracyKind).toBe(kind);
    }
  });

  it("notices an abort by a timer though every prediction resolves at once", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    const engine = new QuantizationEvolutionEngine({ seed: 1 });
    const result = await engine.runEvolution(LAYERS, {
      maxGenerations: 1_000_000,
      signal: controller.signal,
    });
    expect(result.stopReason).toBe("aborted");
  });

  it("returns an empty front when it was aborted before it began", async () => {
    const evaluator = formulaEvaluator();
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator });
    const result = await engine.runEvolution(LAYERS, { signal: AbortSignal.abort() });
    expect(result).toMatchObject({
      stopReason: "aborted",
      paretoFront: [],
      evaluations: 0,
      generations: 0,
    });
    expect(result.best).toBeUndefined();
    expect(evaluator.calls).toEqual([]);
    expect(() => engine.getBestGenome()).toThrow(NotRunError);
  });

  it("fails the genome that the evaluator fails, with the reason, and goes on", async () => {
    const evaluator = formulaEvaluator(
      {},
      {
        before: (genome) => {
          if (genome.layerConfigs.get("ffn")?.weightBits === 5)
            throw new Error("five is right out");
        },
      },
    );
    const result = await run({}, evaluator);
    expect(result.failures.length).toBeGreaterThan(0);
    for (const failure of result.failures) {
      expect(failure.reason).toContain("five is right out");
      expect(failure.genome.key).toBe(failure.key);
      expect(failure.genome.layerConfigs.get("ffn")?.weightBits).toBe(5);
    }
    expect(result.generations).toBe(6);
    expect(result.paretoFront.every((g) => g.layerConfigs.get("ffn")?.weightBits !== 5)).toBe(true);
    expect(new Set(evaluator.calls).size).toBe(evaluator.calls.length);
  });

  it("is an error when every genome fails, whatever is thrown or returned", async () => {
    for (const evaluate of [
      () => Promise.reject(new Error("broken")),
      () => Promise.reject("broken"),
      () => {
        throw new Error("broken");
      },
      () => Promise.resolve({ accuracy: Number.NaN }),
      () => Promise.resolve(undefined),
    ]) {
      const evaluator = { kind: "measured", evaluate } as unknown as AccuracyEvaluator;
      await expect(run({}, evaluator)).rejects.toBeInstanceOf(EvaluationError);
    }
  });
});

describe("parts of one's own", () => {
  it("asks a cost model of one's own, and survives one that cannot say what it supports", async () => {
    const inner = costModelFor("arm-neon");
    const costModel: HardwareCostModel = {
      target: "my-board",
      supports: () => {
        throw new Error("no idea");
      },
      estimate: (model, genome) => ({
        ...inner.estimate(model, genome),
        latencyMs: genome.averageBits,
      }),
    };
    const engine = new QuantizationEvolutionEngine(SMALL, {
      costModel,
      evaluator: formulaEvaluator(),
    });
    const result = await engine.runEvolution(LAYERS);
    expect(result.target).toBe("my-board");
    for (const genome of result.paretoFront)
      expect(genome.inferenceLatencyMs).toBe(genome.averageBits);
  });

  it("takes a hardware profile", async () => {
    const profile = { ...hardwareProfiles[0]!, target: "variant" };
    const result = await new QuantizationEvolutionEngine({
      ...SMALL,
      hardwareTarget: profile,
    }).runEvolution(LAYERS);
    expect(result.target).toBe("variant");
  });

  it("asks a target only for what it accepts, where there is a choice", async () => {
    const result = await new QuantizationEvolutionEngine({
      ...SMALL,
      hardwareTarget: "nvidia-tensorrt",
      activationBitChoices: [8],
    }).runEvolution(LAYERS);
    expect(result.feasible).toBe(true);
    for (const genome of result.paretoFront) expect(genome.metrics!.violations).toEqual({});
  });
});

describe("around a run", () => {
  it("has no genome before a run", async () => {
    const engine = new QuantizationEvolutionEngine();
    expect(engine.paretoFront).toEqual([]);
    expect(() => engine.getBestGenome()).toThrow(NotRunError);
    await expect(engine.evaluateGenomes(LAYERS, [])).resolves.toEqual([]);
  });

  it("measures sensitivity with an evaluator, predicts it without", async () => {
    const evaluator = formulaEvaluator({ attention: 0.08, ffn: 0.02, embedding: 0, output: 0.04 });
    const measured = await new QuantizationEvolutionEngine({}, { evaluator }).analyzeSensitivity(
      LAYERS,
    );
    expect([...measured.keys()]).toEqual(LAYERS);
    expect(measured.get("attention")).toBe(1);
    expect(measured.get("ffn")).toBeCloseTo(0.25, 10);
    expect(measured.get("embedding")).toBe(0);
    const predicted = await new QuantizationEvolutionEngine().analyzeSensitivity(LAYERS);
    expect(Math.max(...predicted.values())).toBe(1);
    for (const score of predicted.values()) expect(score).toBeGreaterThanOrEqual(0);
  });

  it("evaluates genomes of one's own as the run did, or says which failed", async () => {
    const evaluator = formulaEvaluator();
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator });
    const { best } = await engine.runEvolution(LAYERS);
    const [again, twice] = await engine.evaluateGenomes(LAYERS, [best!.with({}), best!.with({})]);
    expect(again?.metrics).toEqual(best!.metrics);
    expect(twice?.metrics).toEqual(best!.metrics);
    evaluator.evaluate = () => Promise.reject(new Error("gone"));
    await expect(engine.evaluateGenomes(LAYERS, [best!])).rejects.toThrow(/gone/);
  });

  it("exports with target and notes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "quantevo-engine-"));
    try {
      const engine = new QuantizationEvolutionEngine(
        { ...SMALL, maxBits: 4 },
        { evaluator: formulaEvaluator() },
      );
      await engine.runEvolution(LAYERS);
      const best = engine.getBestGenome();
      for (const [name, format] of [
        ["a.json", undefined],
        ["b.yaml", "yaml"],
        ["c.txt", "json"],
      ] as const) {
        await engine.exportQuantizationConfig(best, join(folder, name), format);
        const back = parseQuantizationDocument(await readFile(join(folder, name), "utf8"), format);
        expect(back.target).toBe("arm-neon");
        expect(back.genome.metrics).toEqual(best.metrics);
        expect(back.notes.length).toBeGreaterThan(0);
      }
      await engine.exportQuantizationConfig(
        best.with({ layerConfigs: { other: {} } }),
        join(folder, "d.json"),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
