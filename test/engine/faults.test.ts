import { describe, expect, it } from "vitest";
import type { SensitivityMetric } from "../../src/evaluation/index.js";
import {
  type AccuracyEvaluator,
  archiveToString,
  EvaluationError,
  type EvolutionOptions,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
  type QuantizationGenome,
} from "../../src/index.js";
import { sampledEvaluator } from "./budget/sampled-evaluator.js";
import { memoryStore } from "./checkpoint/stores.js";
import { formulaEvaluator, TINY_LAYERS as LAYERS, SMALL_RUN as SMALL } from "./fakes.js";

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function run(
  options: EvolutionOptions = {},
  config: QuantizationEvolutionConfig = {},
  evaluator: AccuracyEvaluator = formulaEvaluator(),
  layers = LAYERS,
) {
  return new QuantizationEvolutionEngine({ ...SMALL, ...config }, { evaluator }).runEvolution(
    layers,
    options,
  );
}

/** The formula, with something else for every third genome (by its key). */
function sometimes(odd: () => unknown): AccuracyEvaluator {
  const formula = formulaEvaluator();
  return {
    kind: "measured",
    evaluate: async (genome, options) =>
      [...genome.key].reduce((sum, c) => sum + c.charCodeAt(0), 0) % 3 === 0
        ? ((await odd()) as never)
        : formula.evaluate(genome, options),
  };
}

describe("evaluators that fail", () => {
  const estimate = (fields: object) => ({
    kind: "measured",
    accuracy: 0.5,
    metric: "m",
    metricValue: 0.5,
    source: "test",
    ...fields,
  });
  const odd: readonly (readonly [string, () => unknown, string])[] = [
    ["throw", () => Promise.reject(new Error("boom")), "boom"],
    ["throw no error", () => Promise.reject("plain text"), "plain text"],
    [
      "throw at once",
      () => {
        throw new Error("at once");
      },
      "at once",
    ],
    ["return NaN", () => estimate({ accuracy: Number.NaN }), "accuracy NaN"],
    ["return less than 0", () => estimate({ accuracy: -0.01 }), "accuracy -0.01"],
    ["return more than 1", () => estimate({ accuracy: 1.01 }), "accuracy 1.01"],
    [
      "return an infinite metric",
      () => estimate({ metricValue: Number.POSITIVE_INFINITY }),
      "metricValue Infinity",
    ],
    [
      "return an infinite error",
      () => estimate({ standardError: Number.POSITIVE_INFINITY }),
      "standardError Infinity",
    ],
    [
      "return a huge error",
      () => estimate({ standardError: 1e200 }),
      "standardError 1e+200; allowed: a number from 0 to 1",
    ],
    [
      "return endless samples",
      () => estimate({ samples: Number.POSITIVE_INFINITY }),
      "samples Infinity",
    ],
    ["return nothing", () => undefined, "undefined"],
    ["hang", () => new Promise(() => {}), "no answer within 20 ms"],
  ];
  it.each(odd)(
    "that %s cost those genomes only, and a resumed run says the same",
    async (_, odd, reason) => {
      const store = memoryStore();
      const config = { evaluationTimeoutMs: 20, maxGenerations: 2, parallelEvaluations: 8 };
      const result = await run({ checkpoint: { store } }, config, sometimes(odd));
      expect(result.failures.length).toBeGreaterThan(0);
      for (const failure of result.failures) {
        expect(failure.reason).toContain(reason);
        expect(failure.error).toBeInstanceOf(EvaluationError);
      }
      expect(result.stopReason).toBe("max-generations");
      expect(result.paretoFront.length).toBeGreaterThan(0);
      const mute = {
        kind: "measured",
        evaluate: () => Promise.reject(new Error("was asked again")),
      } as const;
      const again = await run({ checkpoint: { store } }, config, mute);
      expect(archiveToString(again)).toBe(archiveToString(result));
      expect(again.failures.map((failure) => failure.reason)).toEqual(
        result.failures.map((f) => f.reason),
      );
    },
  );

  it("end the run when all of the first population fail, hanging ones included", async () => {
    const hanging = { kind: "measured", evaluate: () => new Promise(() => {}) } as const;
    await expect(
      run({}, { evaluationTimeoutMs: 10, parallelEvaluations: 8 }, hanging as never),
    ).rejects.toMatchObject({
      code: "EVALUATION_FAILED",
      message: expect.stringContaining("no answer within 10 ms"),
    });
  });

  it("tell a hanging evaluation by its signal", async () => {
    const told: unknown[] = [];
    const evaluator = formulaEvaluator(
      {},
      {
        before: (genome, signal) =>
          genome.key.length % 4 !== 0
            ? undefined
            : new Promise((_, reject) =>
                signal?.addEventListener("abort", () => {
                  told.push(1);
                  reject(signal.reason);
                }),
              ),
      },
    );
    const result = await run(
      {},
      { evaluationTimeoutMs: 15, parallelEvaluations: 8, maxGenerations: 2 },
      evaluator,
    );
    expect(told.length).toBe(result.failures.length);
  });
});

describe("evaluators that judge on samples and fail", () => {
  const odd: readonly (readonly [string, () => unknown])[] = [
    ["throw", () => Promise.reject(new Error("boom"))],
    ["hang", () => new Promise(() => {})],
    ["return NaN", () => ({ accuracy: Number.NaN })],
    ["return less than 0", () => ({ accuracy: -1 })],
    ["return more than 1", () => ({ accuracy: 2 })],
    ["return scores that are NaN", () => ({ sampleScores: new Float32Array(32).fill(Number.NaN) })],
  ];
  it.each(odd)("that %s cost those looks only, with a surrogate too", async (_, odd) => {
    const sampled = sampledEvaluator({ embedding: 1, attention: 3, ffn: 2, output: 1 });
    let asked = 0;
    const evaluator: AccuracyEvaluator = {
      ...sampled,
      evaluate: async (genome, options) => {
        const estimate = await sampled.evaluate(genome, options);
        return ++asked % 4 === 1 ? { ...estimate, ...((await odd()) as object) } : estimate;
      },
    };
    const config = { evaluationTimeoutMs: 10, maxGenerations: 3 };
    const result = await run({ baselines: ["greedy", "random"] }, config, evaluator);
    expect(result.failures.length).toBeGreaterThan(0);
    expect(result).toMatchObject({ stopReason: "max-generations", generations: 3 });
    expect(result.paretoFront.length).toBeGreaterThan(0);
    for (const { accuracy } of result.paretoFront) expect(accuracy).toBeLessThanOrEqual(1);
    expect(result.baselines).toHaveLength(2);
  });
});

describe("evaluators that miscount their samples", () => {
  it.each([Number.NaN, 0, -5, 2.5, "64", Number.POSITIVE_INFINITY])(
    "are refused: sampleCount %s",
    async (sampleCount) => {
      const evaluator = { ...formulaEvaluator(), sampleCount } as unknown as AccuracyEvaluator;
      await expect(run({}, {}, evaluator)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        path: "evaluator.sampleCount",
      });
    },
  );

  it.each([
    [64, { samples: 64 }, 63],
    [64, {}, 63],
    [64, {}, 65],
    [undefined, { samples: 10 }, 11],
  ])("fail with %s samples, an estimate of %o and %i scores", async (sampleCount, told, scores) => {
    const formula = formulaEvaluator();
    const evaluator: AccuracyEvaluator = {
      kind: "measured",
      ...(sampleCount && { sampleCount }),
      evaluate: async (genome, options) => ({
        ...(await formula.evaluate(genome, options)),
        ...told,
        sampleScores: new Float32Array(scores),
      }),
    };
    await expect(run({}, { surrogate: false, multiFidelity: false }, evaluator)).rejects.toThrow(
      `the evaluator returned sampleScores.length ${scores}`,
    );
  });
});

describe("sensitivities that are measured", () => {
  const isProbe = (genome: QuantizationGenome, layer: string) =>
    [...genome.layerConfigs].every(
      ([name, config]) => (config.weightBits === 3) === (name === layer),
    );
  const CONFIG = {
    useSensitivityAnalysis: "accuracy-drop",
    surrogate: false,
    multiFidelity: false,
  } as const;

  it("count, and are paid for by the budget", async () => {
    for (const maxEvaluations of [1, 2, 5, 7, 10, 20]) {
      const evaluator = formulaEvaluator();
      const result = await run({ maxEvaluations }, CONFIG, evaluator);
      expect(result.evaluations).toBe(evaluator.calls.length);
      expect(result.wholeEvaluations).toBe(maxEvaluations);
      expect(result.stopReason).toBe("max-evaluations");
      expect(result.paretoFront.length).toBeGreaterThan(0);
      // Of what two reference genomes leave: the float32 model, and four layers.
      expect(result.sensitivityFallbacks?.length ?? 0).toBe(
        Math.min(4, Math.max(0, 5 - Math.floor(Math.max(0, maxEvaluations - 2) / 2))),
      );
    }
  });

  it.each(["throws", "hangs"])(
    "cost one layer its measurement when its evaluation %s",
    async (how) => {
      const evaluator = formulaEvaluator(
        { attention: 0.03 },
        {
          before: (genome) => {
            if (!isProbe(genome, "ffn")) return;
            if (how === "throws") throw new Error("out of memory");
            return new Promise<void>(() => {});
          },
        },
      );
      const result = await run({}, { ...CONFIG, evaluationTimeoutMs: 50 }, evaluator);
      const reason = expect.stringContaining(
        how === "throws" ? "out of memory" : "no answer within 50 ms",
      );
      expect(result.sensitivityFallbacks).toEqual([{ layer: "ffn", reason }]);
      expect(result.failures).toMatchObject([{ reason }]);
      expect(result.evaluations).toBe(evaluator.calls.length);
      expect(result.sensitivity!.get("attention")).toBe(1);
      expect(result.sensitivity!.get("ffn")).toBeGreaterThan(0);
      expect(result.stopReason).toBe("max-generations");
    },
  );

  it("are all predicted when the float32 model itself fails", async () => {
    const evaluator = formulaEvaluator(
      {},
      {
        before: (genome) => {
          if ([...genome.layerConfigs.values()].every(({ weightBits }) => weightBits === 32))
            throw new Error("no float");
        },
      },
    );
    const result = await run({}, CONFIG, evaluator);
    expect(result.sensitivityFallbacks).toHaveLength(4);
    expect(result.sensitivity).toEqual((await run()).sensitivity);
  });
});

describe("a user-supplied sensitivity metric", () => {
  const NAMES = LAYERS.map(({ name }) => name);
  const metric = (lossIncreases: SensitivityMetric["lossIncreases"]): SensitivityMetric => ({
    name: "mine",
    kind: "predicted",
    lossIncreases,
  });
  const runWith = (
    lossIncreases: SensitivityMetric["lossIncreases"],
    options: EvolutionOptions = {},
  ) =>
    new QuantizationEvolutionEngine(SMALL, {
      evaluator: formulaEvaluator(),
      sensitivity: metric(lossIncreases),
    }).runEvolution(LAYERS, options);

  const failing: readonly (readonly [string, () => unknown])[] = [
    [
      "throws at once",
      () => {
        throw new Error("no gradients");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no gradients"))],
    ["rejects with no error", () => Promise.reject("no gradients")],
  ];
  it.each(failing)(
    "that %s leaves the run with predicted sensitivities",
    async (_, lossIncreases) => {
      const result = await runWith(lossIncreases as never);
      const plain = await run();
      expect(archiveToString(result)).toBe(archiveToString(plain));
      expect(result.sensitivity).toEqual(plain.sensitivity);
      expect(result.sensitivityFallbacks).toEqual(
        NAMES.map((layer) => ({ layer, reason: expect.stringContaining("no gradients") })),
      );
      expect(plain.sensitivityFallbacks).toBeUndefined();
    },
  );

  it.each([undefined, [1, 2], { ffn: 1 }, new Map()])(
    "that answers %o says nothing of any layer",
    async (answer) => {
      const result = await runWith(async () => answer as never);
      expect(archiveToString(result)).toBe(archiveToString(await run()));
      expect(result.sensitivityFallbacks).toHaveLength(4);
    },
  );

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, "3", undefined])(
    "that says %s of a layer leaves that layer with a predicted loss increase",
    async (odd) => {
      const result = await runWith(
        async () => new Map(NAMES.map((name) => [name, name === "ffn" ? (odd as number) : 2])),
      );
      expect(result.sensitivityFallbacks).toEqual([
        { layer: "ffn", reason: expect.stringContaining(`says ${odd} of layer "ffn"`) },
      ]);
      expect(result.sensitivity!.get("ffn")).toBeGreaterThan(0);
      const [first, ...rest] = NAMES.filter((name) => name !== "ffn").map((n) =>
        result.sensitivity!.get(n),
      );
      expect(rest).toEqual([first, first]);
      expect(result.stopReason).toBe("max-generations");
    },
  );

  const huge: readonly (readonly [string, readonly (number | undefined)[]])[] = [
    ["1e308 of all layers but one", [1e308, 1e308, 1e308, undefined]],
    ["1.7e308 of two layers", [1.7e308, 1.7e308, 1, 2]],
    ["the largest number of all layers", LAYERS.map(() => Number.MAX_VALUE)],
    ["the least number", [Number.MIN_VALUE, 0, 0, 0]],
  ];
  it.each(huge)("that says %s is followed", async (_, lossIncreases) => {
    const told = NAMES.flatMap((name, i): [string, number][] =>
      lossIncreases[i] === undefined ? [] : [[name, lossIncreases[i]]],
    );
    const result = await runWith(async () => new Map(told));
    expect(result.stopReason).toBe("max-generations");
    const largest = Math.max(...told.map(([, lossIncrease]) => lossIncrease));
    const mostFollowed = Math.max(...told.map(([name]) => result.sensitivity!.get(name)!));
    // A predicted one, in the same scale, may be larger.
    for (const [name, lossIncrease] of told)
      expect(result.sensitivity!.get(name)! / mostFollowed).toBe(lossIncrease / largest);
    for (const score of result.sensitivity!.values()) expect(score).toBeLessThanOrEqual(1);
    expect(result.sensitivityFallbacks ?? []).toHaveLength(NAMES.length - told.length);
  });

  it("that hangs is not waited for after an abort, and at the end of the time", async () => {
    const never = () => new Promise<never>(() => {});
    const aborted = await runWith(never, { signal: AbortSignal.timeout(10) });
    // Nothing but the references, which come before sensitivities.
    expect(aborted).toMatchObject({ stopReason: "aborted", sensitivity: undefined });
    expect(aborted.evaluations).toBeLessThanOrEqual(3);
    expect((await runWith(never, { timeLimitMs: 10 })).stopReason).toBe("time-limit");
    const engine = new QuantizationEvolutionEngine(SMALL);
    await expect(
      engine.analyzeSensitivity(LAYERS, { metric: metric(never), signal: AbortSignal.timeout(10) }),
    ).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("that throws after an abort is no failure", async () => {
    const abort = new AbortController();
    const result = await runWith(
      async () => {
        abort.abort();
        throw new Error("gave up");
      },
      { signal: abort.signal },
    );
    expect(result.stopReason).toBe("aborted");
    expect(result.sensitivityFallbacks).toBeUndefined();
  });
});

describe("baselines that fail", () => {
  it("cost the evaluations that failed, and never the result", async () => {
    let over = false;
    const evaluator = formulaEvaluator(
      {},
      {
        before: () => {
          if (over) throw new Error("the device is gone");
        },
      },
    );
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator });
    const result = await engine.runEvolution(LAYERS, {
      baselines: ["greedy", "random"],
      callback: (generation) => {
        over = generation === SMALL.maxGenerations;
      },
    });
    expect(result.paretoFront.length).toBeGreaterThan(0);
    expect(result.baselines).toHaveLength(2);
    for (const report of result.baselines!) {
      expect(report.front).toEqual([]);
      expect(report.failures.length).toBeGreaterThan(0);
      expect(report.failures[0]!.reason).toContain("the device is gone");
      expect(report.wholeEvaluations).toBeLessThanOrEqual(result.wholeEvaluations);
    }
  });
});

describe("baselines that cannot be carried out", () => {
  it("say why, beside those that can, and never cost the result", async () => {
    const layers = LAYERS.map((layer) => ({
      ...layer,
      weightLayout: { shape: [16, 64], channelAxis: 0, groupAxis: 1 },
      weights: Float32Array.from({ length: layer.parameterCount }, (_, i) => Math.sin(i)),
    }));
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator: formulaEvaluator() });
    const result = await engine.runEvolution(layers, {
      baselines: ["uniform", "exact"],
      callback: (generation) => {
        // Whoever brought the weights uses their memory again: what the tables have not looked at
        // yet is gone.
        if (generation === SMALL.maxGenerations)
          for (const { weights } of layers) weights.fill(Number.NaN);
      },
    });
    const [uniform, exact] = result.baselines!;
    expect(exact).toMatchObject({ name: "exact", front: [], hypervolume: 0, wholeEvaluations: 0 });
    expect(exact!.incomplete).toContain("NaN");
    expect(uniform!.front.length).toBeGreaterThan(0);
    expect(uniform).not.toHaveProperty("incomplete");
    expect(result.stopReason).toBe("max-generations");
    expect(result.paretoFront.length).toBeGreaterThan(0);
  });
});

describe("checkpoints that cannot be written", () => {
  const full = () => {
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  };

  it("stop nothing, are reported, and leave the last good one", async () => {
    const expected = archiveToString(await run());
    let calls = 0;
    const store = memoryStore(undefined, () => {
      if (++calls > 4) full();
    });
    const result = await run({ checkpoint: { store } });
    expect(archiveToString(result)).toBe(expected);
    expect(result.checkpoint).toMatchObject({
      complete: false,
      writes: 4,
      lastFailure: "no space left on device",
    });
    expect(result.checkpoint?.failedWrites).toBeGreaterThan(0);
    const resumed = await run({ checkpoint: { store: memoryStore(store.text) } });
    expect(archiveToString(resumed)).toBe(expected);
    expect(resumed.checkpoint?.resumedAnswers).toBeGreaterThan(0);
  });

  it("are made up for when there is room again", async () => {
    const undisturbed = memoryStore();
    await run({ checkpoint: { store: undisturbed } });
    for (const [from, to] of [
      [1, 3],
      [2, 7],
      [4, 5],
    ] as const) {
      let calls = 0;
      const store = memoryStore(undefined, () => {
        calls++;
        if (calls >= from && calls < to) full();
      });
      const result = await run({ checkpoint: { store } });
      expect(result.checkpoint).toMatchObject({ complete: true, failedWrites: to - from });
      expect(store.text).toBe(undisturbed.text);
    }
  });

  it("are events of the stream", async () => {
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator: formulaEvaluator() });
    const types: string[] = [];
    for await (const event of engine.stream(LAYERS, {
      checkpoint: { store: memoryStore(undefined, full) },
    })) {
      types.push(event.type);
      if (event.type === "checkpoint-failed") expect(event.reason).toBe("no space left on device");
    }
    expect(types).toContain("checkpoint-failed");
    expect(types).not.toContain("checkpoint-written");
    expect(types.at(-1)).toBe("stopped");
  });

  it("hold nobody up after an abort", async () => {
    const abort = new AbortController();
    const store = { read: async () => undefined, write: () => new Promise<void>(() => {}) };
    const pending = run({ checkpoint: { store }, signal: abort.signal });
    await wait(5);
    abort.abort();
    const start = performance.now();
    expect((await pending).stopReason).toBe("aborted");
    expect(performance.now() - start).toBeLessThan(3000);
    const unread = run({
      checkpoint: { store: { ...store, read: () => new Promise<undefined>(() => {}) } },
      signal: AbortSignal.timeout(5),
    });
    expect((await unread).stopReason).toBe("aborted");
  });

  it("an unreadable one ends the run before it begins", async () => {
    const store = { ...memoryStore(), read: () => Promise.reject(new Error("no permission")) };
    await expect(run({ checkpoint: { store } })).rejects.toThrow("no permission");
  });
});

describe("an abort", () => {
  const phases = {
    "before it begins": () => ({ signal: AbortSignal.abort() }),
    "while it is prepared": () => {
      const abort = new AbortController();
      setImmediate(() => abort.abort());
      return { signal: abort.signal };
    },
    "during sensitivity": () => {
      const abort = new AbortController();
      queueMicrotask(() => abort.abort());
      return { signal: abort.signal };
    },
    "in the first population": () => abortAtEvaluation(3),
    "at the end of the first population": () => abortAtEvaluation(8),
    "in the middle of a generation": () => abortAtEvaluation(13),
    "in the callback": () => {
      const abort = new AbortController();
      return {
        signal: abort.signal,
        callback: (generation: number) => {
          if (generation === 2) abort.abort();
        },
      };
    },
    "while the callback hangs": () => {
      const abort = new AbortController();
      return {
        signal: abort.signal,
        callback: (generation: number) => {
          if (generation !== 2) return;
          setTimeout(() => abort.abort(), 2);
          return new Promise<void>(() => {});
        },
      };
    },
  };
  function abortAtEvaluation(count: number) {
    const abort = new AbortController();
    let seen = 0;
    return {
      signal: abort.signal,
      before: () => {
        if (++seen === count) abort.abort();
      },
    };
  }

  it.each(Object.entries(phases))(
    "%s ends the run with what it has, and it can be resumed",
    async (_, make) => {
      const expected = await run();
      const { before, ...options } = { before: undefined, ...make() };
      const store = memoryStore();
      const stopped = await run(
        { ...options, checkpoint: { store } },
        {},
        formulaEvaluator({}, before === undefined ? {} : { before }),
      );
      expect(stopped.stopReason).toBe("aborted");
      expect(stopped.generations).toBeLessThan(5);
      const evaluator = formulaEvaluator();
      const resumed = await run({ checkpoint: { store } }, {}, evaluator);
      expect(archiveToString(resumed)).toBe(archiveToString(expected));
      expect(resumed.history).toEqual(expected.history);
      expect(evaluator.calls.length).toBe(
        expected.evaluations - (resumed.checkpoint?.resumedAnswers ?? 0),
      );
      expect(resumed.checkpoint?.resumedAnswers).toBeGreaterThanOrEqual(stopped.evaluations);
    },
  );

  /**
   * A search that looks at single layers first, then at few samples, and has baselines at the end.
   */
  const measured = (
    options: EvolutionOptions,
    before: (nth: number) => void = () => {},
    config = {},
  ) => {
    const names = Object.fromEntries(LAYERS.map(({ name }, i) => [name, i + 1]));
    const sampled = sampledEvaluator(names);
    const evaluator: AccuracyEvaluator = {
      ...sampled,
      evaluate: (genome, asked) => {
        before(sampled.asked.length + 1);
        return sampled.evaluate(genome, asked);
      },
    };
    return run({ baselines: true, ...options }, { maxGenerations: 3, ...config }, evaluator);
  };

  it.each([
    ["in the first looks at single layers", 2, {}],
    ["in the looks at few samples", 9, {}],
    ["in the middle of a measured generation", 25, {}],
    ["while drops of accuracy are measured", 3, { useSensitivityAnalysis: "accuracy-drop" }],
  ])("%s ends the run, and it can be resumed", async (_, at, config) => {
    const store = memoryStore();
    const abort = new AbortController();
    const stopped = await measured(
      { signal: abort.signal, checkpoint: { store } },
      (nth) => {
        if (nth === at) abort.abort();
      },
      { parallelEvaluations: 1, ...config },
    );
    expect(stopped.stopReason).toBe("aborted");
    expect(stopped.evaluations).toBeLessThanOrEqual(at);
    expect(stopped.baselines ?? []).toEqual([]);
    const resumed = await measured({ checkpoint: { store } }, undefined, config);
    expect(resumed.checkpoint!.resumedAnswers).toBeGreaterThanOrEqual(at - 1);
    expect(archiveToString(resumed)).toBe(archiveToString(await measured({}, undefined, config)));
  });

  it("in the baselines leaves the search's result, and those baselines that were finished", async () => {
    const whole = await measured({});
    const searched = whole.evaluations;
    for (const more of [1, 3, whole.baselines![0]!.front.length + 20]) {
      const abort = new AbortController();
      const stopped = await measured({ signal: abort.signal }, (nth) => {
        if (nth === searched + more) abort.abort();
      });
      expect(stopped.stopReason).toBe("max-generations");
      expect(archiveToString(stopped)).toBe(archiveToString(whole));
      expect(stopped.baselines!.length).toBeLessThan(4);
      expect(stopped.baselines).toEqual(whole.baselines!.slice(0, stopped.baselines!.length));
    }
  });

  it("while a checkpoint is given back leaves that as it is", async () => {
    const store = memoryStore();
    await run({ checkpoint: { store } });
    const { text } = store;
    for (const turns of [0, 1, 5, 20, 60]) {
      const abort = new AbortController();
      let left = turns;
      const turn = () => (left-- > 0 ? setImmediate(turn) : abort.abort());
      turn();
      const evaluator = formulaEvaluator();
      await run({ checkpoint: { store }, signal: abort.signal }, {}, evaluator);
      expect(evaluator.calls).toEqual([]);
      expect(store.text).toBe(text);
    }
  });

  it("while a checkpoint is written ends the run, and the checkpoint is whole", async () => {
    const abort = new AbortController();
    const store = memoryStore(undefined, async (call) => {
      if (call === "append") abort.abort();
      await wait(5);
    });
    const stopped = await run({ signal: abort.signal, checkpoint: { store } });
    expect(stopped.stopReason).toBe("aborted");
    expect(stopped.checkpoint?.complete).toBe(true);
    const resumed = await run({ checkpoint: { store: memoryStore(store.text) } });
    expect(archiveToString(resumed)).toBe(archiveToString(await run()));
  });
});
