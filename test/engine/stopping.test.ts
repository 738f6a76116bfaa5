import { describe, expect, it } from "vitest";
import type { HardwareCostModel } from "../../src/hardware/contract.js";
import { costModelFor } from "../../src/hardware/registry.js";
import {
  afterEvaluations,
  afterGenerations,
  afterTime,
  allOf,
  anyOf,
  type EvolutionOptions,
  type ModelSpec,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
  type SearchProgress,
  type StopCondition,
  whenStagnant,
} from "../../src/index.js";
import { memoryStore } from "./checkpoint/stores.js";
import { formulaEvaluator, TINY_LAYERS as LAYERS, SMALL_RUN as SMALL } from "./fakes.js";

function run(
  options: EvolutionOptions = {},
  config: QuantizationEvolutionConfig = {},
  evaluator = formulaEvaluator(),
) {
  return new QuantizationEvolutionEngine({ ...SMALL, ...config }, { evaluator }).runEvolution(
    LAYERS,
    options,
  );
}

function progress(
  hypervolumes: readonly number[],
  violations = hypervolumes.map(() => 0),
): SearchProgress {
  return {
    generation: hypervolumes.length - 1,
    evaluations: hypervolumes.length * 8,
    budgetSpent: false,
    elapsedMs: 100 * hypervolumes.length,
    hypervolumes,
    history: violations.map(
      (leastViolation, generation) => ({ generation, leastViolation }) as never,
    ),
  };
}

describe("the evaluation budget", () => {
  it("is used and never exceeded, failures included", async () => {
    for (const maxEvaluations of [1, 2, 7, 8, 9, 16, 23, 40]) {
      const evaluator = formulaEvaluator(
        {},
        {
          before: (genome) => {
            if (genome.key.length % 5 === 0) throw new Error("no");
          },
        },
      );
      const result = await run({ maxEvaluations }, { parallelEvaluations: 3 }, evaluator).catch(
        () => undefined,
      );
      expect(evaluator.calls.length).toBe(maxEvaluations);
      if (result !== undefined)
        expect(result).toMatchObject({
          evaluations: maxEvaluations,
          stopReason: "max-evaluations",
        });
    }
  });

  it("may be given in the configuration; the option counts more", async () => {
    expect((await run({}, { maxEvaluations: 10 })).evaluations).toBe(10);
    expect((await run({ maxEvaluations: 12 }, { maxEvaluations: 10 })).evaluations).toBe(12);
    for (const maxEvaluations of [0, -1, 1.5, Number.NaN, "8"])
      await expect(run({ maxEvaluations: maxEvaluations as number })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        path: "maxEvaluations",
      });
  });
});

describe("the time limit", () => {
  it("stops a run in the middle of an evaluation, and what was found is returned", async () => {
    let asked = 0;
    const evaluator = formulaEvaluator(
      {},
      { before: () => (++asked > 5 ? new Promise(() => {}) : undefined) },
    );
    const result = await run({ timeLimitMs: 400 }, {}, evaluator);
    expect(result).toMatchObject({ stopReason: "time-limit", evaluations: 5 });
    expect(result.paretoFront.length).toBeGreaterThan(0);
  });

  it("does not affect a run that ends sooner", async () => {
    const result = await run({ timeLimitMs: 60_000 });
    expect(result.stopReason).toBe("max-generations");
    expect(result.paretoFront.map(({ key }) => key)).toEqual(
      (await run()).paretoFront.map(({ key }) => key),
    );
    await expect(run({ timeLimitMs: 0 })).rejects.toMatchObject({ path: "timeLimitMs" });
  });
});

/** Costs by the engine's own model; `before` is called ahead of each estimate. */
function watchedCosts(before: () => void): HardwareCostModel {
  const costs = costModelFor("arm-neon");
  return {
    target: costs.target,
    supports: (layer, config) => costs.supports(layer, config),
    estimate(model, genome) {
      before();
      return costs.estimate(model, genome);
    },
  };
}

describe("what comes before the search", () => {
  /** Busy once, as with thousands of layers. */
  const slowly = (ms: number) => {
    let slept = false;
    return watchedCosts(() => {
      for (const start = performance.now(); !slept && performance.now() - start < ms; );
      slept = true;
    });
  };

  it("counts in the time limit", async () => {
    const evaluator = formulaEvaluator(
      {},
      { before: () => new Promise((done) => setTimeout(done, 50)) },
    );
    for (const checkpoint of [undefined, { store: memoryStore() }]) {
      const engine = new QuantizationEvolutionEngine(SMALL, { evaluator, costModel: slowly(300) });
      const result = await engine.runEvolution(LAYERS, { timeLimitMs: 250, checkpoint });
      expect(result.stopReason).toBe("time-limit");
      // Four are in flight.
      expect(result.evaluations).toBeLessThanOrEqual(4);
    }
  });

  it("counts in what conditions and the time left are told", async () => {
    const elapsed: number[] = [];
    const engine = new QuantizationEvolutionEngine(SMALL, {
      evaluator: formulaEvaluator(),
      costModel: slowly(200),
    });
    const stopWhen = {
      name: "watch",
      isMet: ({ elapsedMs }: SearchProgress) => elapsed.push(elapsedMs) === 0,
    };
    await engine.runEvolution(LAYERS, { stopWhen });
    expect(Math.min(...elapsed)).toBeGreaterThanOrEqual(200);
  });

  it("does not count the replay of a checkpoint, which would else get no further", async () => {
    const store = memoryStore();
    const goOn = (costModel: HardwareCostModel, options: EvolutionOptions) =>
      new QuantizationEvolutionEngine(SMALL, {
        evaluator: formulaEvaluator(),
        costModel,
      }).runEvolution(LAYERS, { checkpoint: { store }, ...options });
    await goOn(slowly(0), { maxGenerations: 1 });
    const resumed = await goOn(slowly(600), { timeLimitMs: 550 });
    expect(resumed.stopReason).toBe("max-generations");
  });

  it("of a resumed run ends a metric and a store that hang, as it does a fresh run's", async () => {
    const store = memoryStore();
    const start = performance.now();
    const never = () => new Promise<never>(() => {});
    let hangs = false;
    const lossIncreases = async ({ layers }: ModelSpec) =>
      hangs ? never() : new Map(layers.map(({ name }) => [name, 1]));
    const goOn = (options: EvolutionOptions) =>
      new QuantizationEvolutionEngine(SMALL, {
        evaluator: formulaEvaluator(),
        sensitivity: { name: "mine", kind: "predicted", lossIncreases },
      }).runEvolution(LAYERS, { checkpoint: { store }, ...options });
    await goOn({ maxGenerations: 1 });
    hangs = true;
    const limits = { timeLimitMs: 200, signal: AbortSignal.timeout(5_000) };
    const stopped = await goOn(limits);
    expect(stopped).toMatchObject({ stopReason: "time-limit", evaluations: 2 });
    expect(stopped.best).toBeDefined();
    expect(stopped.checkpoint!.resumedAnswers).toBeGreaterThan(0);
    const unreadable = { ...memoryStore(), read: never };
    expect(await goOn({ ...limits, checkpoint: { store: unreadable } })).toMatchObject({
      stopReason: "time-limit",
      evaluations: 0,
    });
    expect(performance.now() - start).toBeGreaterThan(400);
  });

  it("of a resumed run ends an evaluation that hangs while there are answers left", async () => {
    const store = memoryStore();
    const goOn = (options: EvolutionOptions, before: () => Promise<void> | void = () => {}) =>
      new QuantizationEvolutionEngine(
        { ...SMALL, parallelEvaluations: 1 },
        { evaluator: formulaEvaluator({}, { before }) },
      ).runEvolution(LAYERS, { checkpoint: { store }, ...options });
    await goOn({ maxGenerations: 0 });
    // As it is when the third of several in flight was not there yet.
    const lines = store.text!.split("\n");
    const answers = lines.filter((line) => line.includes('"answer"'));
    store.text = lines
      .filter((line) => line !== answers[2] && !line.includes('"generation"'))
      .join("\n");
    const stopped = await goOn(
      { timeLimitMs: 1_000, signal: AbortSignal.timeout(20_000) },
      () => new Promise(() => {}),
    );
    expect(stopped).toMatchObject({ stopReason: "time-limit", evaluations: 2 });
  });

  it("yields to the event loop between estimates, those in flight at once too", async () => {
    let estimates = 0;
    let inTurn = 0;
    let most = 0;
    const costModel = watchedCosts(() => {
      estimates++;
      if (inTurn++ === 0) setImmediate(() => (inTurn = 0));
      most = Math.max(most, inTurn);
    });
    const engine = new QuantizationEvolutionEngine(
      { ...SMALL, parallelEvaluations: 4 },
      { evaluator: formulaEvaluator(), costModel },
    );
    await engine.runEvolution(LAYERS, { checkpoint: { store: memoryStore() } });
    expect(estimates).toBeGreaterThan(40);
    expect(most).toBe(1);
  });
});

describe("stop conditions", () => {
  it("name a misspelt field of stagnation and those that there are", () => {
    const misspelt = { generations: 3, tolerence: 0.1 };
    const message =
      /tolerence is no field of stagnation( \(did you mean tolerance\?\))?; allowed: .*generations/;
    const engine = () => new QuantizationEvolutionEngine({ stagnation: misspelt });
    expect(engine).toThrow(message);
    expect(engine).toThrow(
      expect.objectContaining({ path: "stagnation.tolerence", code: "INVALID_CONFIG" }),
    );
    expect(() => whenStagnant(misspelt)).toThrow(message);
    expect(() => whenStagnant(misspelt)).toThrow(expect.objectContaining({ path: "tolerence" }));
    expect(() => whenStagnant(5 as never)).toThrow(
      "stagnation is 5; allowed: an object with generations",
    );
  });

  it("end a run, beside its limits", async () => {
    const stopped = await run({ stopWhen: afterGenerations(2) });
    expect(stopped).toMatchObject({ stopReason: "stop-condition", generations: 2 });
    expect(await run({ stopWhen: anyOf(afterGenerations(4), afterEvaluations(20)) })).toMatchObject(
      {
        generations: 2,
      },
    );
    expect(await run({ stopWhen: allOf(afterGenerations(1), afterEvaluations(30)) })).toMatchObject(
      {
        generations: 3,
      },
    );
    expect(await run({ stopWhen: afterGenerations(5) })).toMatchObject({
      stopReason: "max-generations",
    });
    const seen: SearchProgress[] = [];
    await run({ stopWhen: { name: "mine", isMet: (at) => seen.push(structuredClone(at)) > 3 } });
    expect(seen.map(({ generation }) => generation)).toEqual([0, 1, 2, 3]);
    for (const at of seen) expect(at.hypervolumes).toHaveLength(at.generation + 1);
    const volumes = seen.at(-1)!.hypervolumes;
    expect(volumes).toEqual(volumes.toSorted((a, b) => a - b));
    for (const volume of volumes) expect(volume > 0 && volume < 1).toBe(true);
  });

  it("may answer by a promise, alone and within others", async () => {
    const later = (at: number) => ({
      name: "later",
      isMet: async ({ generation }: SearchProgress) => generation >= at,
    });
    const stopAt = async (stopWhen: StopCondition) => (await run({ stopWhen })).generations;
    expect(await stopAt(later(2))).toBe(2);
    expect(await stopAt(anyOf(later(4), afterGenerations(2)))).toBe(2);
    expect(await stopAt(anyOf(afterGenerations(4), later(1)))).toBe(1);
    expect(await stopAt(allOf(later(1), afterGenerations(3)))).toBe(3);
    expect(await stopAt(allOf(afterGenerations(1), later(2)))).toBe(2);
  });

  it("that reject end the run with their reason; an abort does not wait for them", async () => {
    const rejects = { name: "rejects", isMet: () => Promise.reject(new Error("no answer")) };
    await expect(run({ stopWhen: rejects })).rejects.toThrow("no answer");
    const hangs = { name: "hangs", isMet: () => new Promise<boolean>(() => {}) };
    expect(await run({ stopWhen: hangs, timeLimitMs: 300 })).toMatchObject({
      stopReason: "time-limit",
      generations: 0,
    });
  });

  it("stagnation compares hypervolumes, and least violations while nothing is feasible", () => {
    const { isMet } = whenStagnant({ generations: 2, tolerance: 0.01 });
    expect(isMet(progress([0.5]))).toBe(false);
    expect(isMet(progress([0.5, 0.5]))).toBe(false);
    expect(isMet(progress([0.5, 0.5, 0.5049]))).toBe(true);
    expect(isMet(progress([0.5, 0.5, 0.506]))).toBe(false);
    expect(isMet(progress([0, 0, 0], [3, 2, 1]))).toBe(false);
    expect(isMet(progress([0, 0, 0], [3, 3, 2.98]))).toBe(true);
    expect(isMet(progress([0, 0, 0.1], [3, 3, 0]))).toBe(false);
    expect(afterTime(250).isMet(progress([0, 0]))).toBe(false);
    expect(afterTime(250).isMet(progress([0, 0, 0]))).toBe(true);
  });

  it("stagnation of the configuration ends a run in a space that has nothing more", async () => {
    const config: QuantizationEvolutionConfig = {
      minBits: 8,
      activationBitChoices: [8],
      weightSchemes: ["symmetric"],
      activationSchemes: ["asymmetric"],
      calibrationMethods: ["mse"],
      allowPerGroup: false,
      maxGenerations: 500,
    };
    const result = await run({}, { ...config, stagnation: { generations: 4 } });
    expect(result.stopReason).toBe("stagnation");
    expect(result.generations).toBeLessThan(50);
  });

  it("are checked", async () => {
    for (const stopWhen of [1, {}, { name: "x" }, () => true, { isMet: () => true }])
      await expect(run({ stopWhen: stopWhen as never })).rejects.toMatchObject({
        path: "stopWhen",
      });
    expect(() => anyOf()).toThrow("at least one");
    expect(() => allOf({} as never)).toThrow("conditions.0");
    expect(() => afterEvaluations(0)).toThrow("count is 0");
    expect(() => afterTime(0)).toThrow("above 0");
    expect(() => whenStagnant({ generations: 0 })).toThrow("generations is 0");
    expect(() => whenStagnant({ generations: 1, tolerance: 2 })).toThrow("0 to 1");
    for (const [stagnation, path] of [
      [{ generations: 0 }, "stagnation.generations"],
      [{ generations: 3, tolerance: -1 }, "stagnation.tolerance"],
      [{ generations: 3, patience: 1 }, "stagnation.patience"],
    ] as const)
      expect(() => new QuantizationEvolutionEngine({ stagnation } as never)).toThrow(
        expect.objectContaining({ code: "INVALID_CONFIG", path }),
      );
  });
});

describe("when nothing is feasible", () => {
  it("the front is what keeps to the limits best, and the broken limits are named", async () => {
    const evaluated: { latency: number; accuracy: number }[] = [];
    const result = await run(
      {},
      { targetLatencyMs: 1e-9, minAccuracy: 1, targetMemoryMb: 1e6, hardwareTarget: "intel-vnni" },
    );
    expect(result.feasible).toBe(false);
    expect(evaluated).toEqual([]);
    const limits = result.violatedLimits;
    expect(limits.map(({ limit }) => limit).toSorted()).toEqual(["minAccuracy", "targetLatencyMs"]);
    expect(limits[0]!.excess).toBeGreaterThanOrEqual(limits[1]!.excess);
    const [closest] = result.paretoFront;
    for (const { limit, allowed, reached, excess } of limits) {
      expect(excess).toBe(closest!.metrics!.violations[limit]);
      expect(limit === "minAccuracy" ? 1 - reached / allowed : reached / allowed - 1).toBeCloseTo(
        excess,
        12,
      );
    }
    const totals = result.paretoFront.map(({ metrics }) =>
      Object.values(metrics!.violations).reduce((sum, excess) => sum + excess, 0),
    );
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
    expect(result.history.at(-1)!.leastViolation).toBe(totals[0]);
    // No member keeps to every limit at least as well as another.
    for (const a of result.paretoFront)
      for (const b of result.paretoFront)
        if (a !== b)
          expect(
            limits.every(
              ({ limit }) => a.metrics!.violations[limit]! <= b.metrics!.violations[limit]!,
            ),
          ).toBe(false);
  });

  it("there are none to name otherwise", async () => {
    const result = await run({}, { hardwareTarget: "intel-vnni" });
    expect(result).toMatchObject({ feasible: true, violatedLimits: [] });
    expect(result.history.every(({ leastViolation }) => leastViolation === 0)).toBe(true);
  });
});

describe("limits on memory", () => {
  it("archiveLimit and cacheLimit are kept", async () => {
    const result = await run({}, { archiveLimit: 3, cacheLimit: 2, maxGenerations: 8 });
    expect(result.paretoFront.length).toBeLessThanOrEqual(3);
    for (const { frontSize } of result.history) expect(frontSize).toBeLessThanOrEqual(3);
    const other = await run(
      {},
      { archiveLimit: 3, cacheLimit: 2, maxGenerations: 8, parallelEvaluations: 1 },
    );
    expect(other.paretoFront.map(({ key }) => key)).toEqual(
      result.paretoFront.map(({ key }) => key),
    );
  });
});

describe("many layers", () => {
  it.each([{}, { adaptiveBitAllocation: false, useSensitivityAnalysis: false }])(
    "let the event loop have its turns, and an abort its way: %o",
    async (config) => {
      const layers = Array.from({ length: 1000 }, (_, i) => `conv${i}`);
      const controller = new AbortController();
      const engine = new QuantizationEvolutionEngine({ maxGenerations: 1, ...config });
      await engine.runEvolution(["conv"]); // loads and warms what every run needs
      let turns = 0;
      const watch = setInterval(() => {
        if (++turns === 3) controller.abort();
      }, 1);
      const before = process.cpuUsage();
      const { stopReason } = await engine.runEvolution(layers, { signal: controller.signal });
      clearInterval(watch);
      expect(stopReason).toBe("aborted");
      // Processor time, for other work on the machine not to count: it was 4 seconds.
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1e6).toBeLessThan(1.5);
    },
  );
});
