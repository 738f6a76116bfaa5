import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AccuracyEvaluator,
  archiveToString,
  CheckpointMismatchError,
  type CheckpointOptions,
  EvaluationError,
  type EvolutionResult,
  InvalidDocumentError,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
} from "../../../src/index.js";
import { sampledEvaluator } from "../budget/sampled-evaluator.js";
import {
  formulaEvaluator,
  TINY_LAYERS as LAYERS,
  SMALL_RUN as SMALL,
  tinyLayer,
} from "../fakes.js";
import { memoryStore } from "./stores.js";

function run(
  checkpoint: CheckpointOptions | undefined,
  config: QuantizationEvolutionConfig = {},
  evaluator: AccuracyEvaluator = formulaEvaluator(),
): Promise<EvolutionResult> {
  const engine = new QuantizationEvolutionEngine({ ...SMALL, ...config }, { evaluator });
  return engine.runEvolution(LAYERS, { checkpoint });
}

/** All that a result says of the search, and nothing of how it was carried out. */
function found(result: EvolutionResult): unknown {
  const { checkpoint: _, failures, ...rest } = result;
  return {
    ...rest,
    failures: failures.map(({ key, reason }) => ({ key, reason })),
    archive: archiveToString(result),
  };
}

/** An evaluator that fails for some genomes, differently each time it is asked. */
function moody(): AccuracyEvaluator & { calls: string[] } {
  return formulaEvaluator(
    {},
    {
      before: (genome) => {
        if (genome.key.length % 5 === 0) throw new Error(`no luck with ${genome.key.length}`);
      },
    },
  );
}

/** Loses the worker of the genome that is asked for third, the given number of times. */
function losingWorkers(times: number): AccuracyEvaluator & { calls: string[] } {
  let victim: string | undefined;
  let left = times;
  const evaluator = formulaEvaluator(
    {},
    {
      before: ({ key }) => {
        if (evaluator.calls.length === 3) victim = key;
        if (key === victim && left-- > 0) throw new EvaluationError("worker", "the worker died");
      },
    },
  );
  return evaluator;
}

describe("a worker that the system ends", () => {
  it("costs no genome when it ends twice; the third time the genome has failed", async () => {
    const expected = found(await run(undefined));
    expect(found(await run(undefined, {}, losingWorkers(2)))).toEqual(expected);
    const evaluator = losingWorkers(100);
    const { failures } = await run(undefined, {}, evaluator);
    expect(failures).toMatchObject([{ reason: "the worker died" }]);
    expect(evaluator.calls.filter((key) => key === failures[0]!.key)).toHaveLength(3);
  });

  it("is told of each time", async () => {
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator: losingWorkers(2) });
    const reasons: string[] = [];
    for await (const event of engine.stream(LAYERS))
      if (event.type === "worker-replaced") reasons.push(event.reason);
    expect(reasons).toEqual(["the worker died", "the worker died"]);
  });

  it("is no permanent failure: a resumed run evaluates the genome, and nothing else", async () => {
    const expected = await run(undefined);
    const store = memoryStore();
    const lost = await run({ store }, {}, losingWorkers(100));
    expect(lost.failures).toHaveLength(1);
    expect(found(lost)).not.toEqual(found(expected));
    const evaluator = formulaEvaluator();
    const resumed = await run({ store }, {}, evaluator);
    expect(found(resumed)).toEqual(found(expected));
    expect(evaluator.calls).toContain(lost.failures[0]!.key);
    expect(resumed.checkpoint).toMatchObject({ resumedGenerations: 0, complete: true });
    expect(resumed.checkpoint!.resumedAnswers).toBeGreaterThan(7);
    // And so it is the next time, from what both runs wrote.
    const again = formulaEvaluator();
    expect(found(await run({ store }, {}, again))).toEqual(found(expected));
    expect(again.calls).toEqual([]);
  });
});

describe("a run with a checkpoint", () => {
  it("finds what a run without one finds", async () => {
    const store = memoryStore();
    const plain = await run(undefined);
    const kept = await run({ store });
    expect(found(kept)).toEqual(found(plain));
    expect(kept.checkpoint).toMatchObject({
      resumedGenerations: 0,
      resumedAnswers: 0,
      failedWrites: 0,
      lastFailure: undefined,
      complete: true,
    });
    expect(plain.checkpoint).toBeUndefined();
    // Created whole, then added to.
    expect(store.calls[0]).toBe("write");
    expect(store.calls.slice(1).every((call) => call === "append")).toBe(true);
    expect(store.text?.trimEnd().split("\n")).toHaveLength(
      1 + kept.evaluations + kept.history.length,
    );
  });

  it("goes on from every line of it, and evaluates nothing again", async () => {
    for (const [config, step] of [
      [{ populationSize: 6, maxGenerations: 4 }, 1],
      [{ enableCaching: false, populationSize: 5 }, 5],
      [{ archiveLimit: 4, cacheLimit: 6 }, 7],
    ] as const) {
      const store = memoryStore();
      const whole = moody();
      const expected = await run({ store }, config, whole);
      const lines = store.text!.split(/(?<=\n)/);
      for (let kept = 1; kept <= lines.length; kept += step) {
        const evaluator = moody();
        const cut = memoryStore(lines.slice(0, kept).join(""));
        const resumed = await run({ store: cut }, config, evaluator);
        expect(found(resumed), `${kept} lines`).toEqual(found(expected));
        const answers = lines
          .slice(1, kept)
          .filter((line) => !line.includes('"kind":"generation"')).length;
        expect(evaluator.calls.length).toBe(whole.calls.length - answers);
        expect(resumed.checkpoint?.resumedAnswers).toBe(answers);
        expect(cut.text).toBe(store.text);
      }
    }
  });

  it("goes on from any prefix of it, torn lines included", async () => {
    const store = memoryStore();
    const expected = await run({ store });
    const first = store.text!.indexOf("\n") + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: first, max: store.text!.length }), async (length) => {
        const cut = memoryStore(store.text!.slice(0, length));
        expect(found(await run({ store: cut }))).toEqual(found(expected));
        expect(cut.text).toBe(store.text);
      }),
      { numRuns: 25 },
    );
  });

  it(
    "resumes with a surrogate, low-fidelity evaluations, measured sensitivity and baselines " +
      "as well",
    async () => {
      const sensitivities = Object.fromEntries(LAYERS.map(({ name }, i) => [name, (i + 1) / 4]));
      const attempt = async (store?: CheckpointOptions["store"]) => {
        const evaluator = sampledEvaluator(sensitivities);
        const engine = new QuantizationEvolutionEngine(
          {
            ...SMALL,
            useSensitivityAnalysis: "accuracy-drop",
            surrogate: true,
            multiFidelity: true,
          },
          { evaluator: { ...evaluator, identity: "sampled" } },
        );
        const options = { baselines: ["random"] } as const;
        return engine.runEvolution(
          LAYERS,
          store === undefined ? options : { ...options, checkpoint: { store } },
        );
      };
      const store = memoryStore();
      const plain = await attempt();
      expect(found(await attempt(store))).toEqual(found(plain));
      const lines = store.text!.split(/(?<=\n)/);
      for (let kept = 1; kept <= lines.length; kept += 15) {
        const cut = memoryStore(lines.slice(0, kept).join(""));
        expect(found(await attempt(cut)), `${kept} lines`).toEqual(found(plain));
        expect(cut.text).toBe(store.text);
      }
    },
  );

  it("goes on with other limits as an uninterrupted run with those limits does", async () => {
    const store = memoryStore();
    await run({ store }, { maxEvaluations: 19 });
    const longer = await run({ store }, { maxGenerations: 9, parallelEvaluations: 1 });
    expect(found(longer)).toEqual(found(await run(undefined, { maxGenerations: 9 })));
  });

  it("keeps evaluations in the order asked for, whatever the number in flight", async () => {
    const texts = await Promise.all(
      [1, 4].map(async (parallelEvaluations) => {
        const store = memoryStore();
        const result = await run({ store }, { parallelEvaluations });
        return { answers: store.text?.split("\n").sort(), result: found(result) };
      }),
    );
    expect(texts[1]).toEqual(texts[0]);
  });

  it("tells only of generations that the earlier run did not complete", async () => {
    const store = memoryStore();
    await run({ store }, { maxGenerations: 2 });
    const seen: number[] = [];
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator: formulaEvaluator() });
    const result = await engine.runEvolution(LAYERS, {
      checkpoint: { store },
      callback: (generation) => void seen.push(generation),
    });
    expect(seen).toEqual([3, 4, 5]);
    expect(result.history).toHaveLength(6);
    expect(result.checkpoint?.resumedGenerations).toBe(3);
  });

  it("works in a store that can only be written whole", async () => {
    const { append: _, ...whole } = memoryStore();
    let text: string | undefined;
    const store = {
      ...whole,
      read: async () => text,
      write: async (given: string) => {
        text = given;
      },
    };
    await run({ store }, { maxGenerations: 2 });
    const resumed = await run({ store });
    const other = memoryStore();
    expect(found(resumed)).toEqual(found(await run({ store: other })));
    expect(text).toBe(other.text);
  });
});

describe("a checkpoint of another run", () => {
  const refused = async (
    text: string | undefined,
    config: QuantizationEvolutionConfig,
    layers = LAYERS,
  ) => {
    const store = memoryStore(text);
    const engine = new QuantizationEvolutionEngine(
      { ...SMALL, ...config },
      { evaluator: formulaEvaluator() },
    );
    const error = await engine
      .runEvolution(layers, { checkpoint: { store } })
      .catch((e: unknown) => e);
    expect(store.text).toBe(text);
    return error;
  };

  it("is refused, and the difference named", async () => {
    const store = memoryStore();
    await run({ store }, { maxGenerations: 1 });
    for (const [config, path, values] of [
      [{ populationSize: 9 }, "config.populationSize", "8 there and 9 here"],
      [{ seed: 4 }, "config.seed", "3 there and 4 here"],
      [{ minAccuracy: 0.5 }, "config.minAccuracy", "missing there and 0.5 here"],
      [{ weightBitChoices: [4, 8] }, "config.weightBitChoices", "[4,5,6,8]"],
      [{ tiedLayers: [["ffn", "output"]] }, "config.tiedLayers", ""],
      [{ hardwareTarget: "intel-vnni" }, "space.embedding", ""],
    ] as const) {
      const error = (await refused(store.text, config)) as CheckpointMismatchError;
      expect(error, path).toBeInstanceOf(CheckpointMismatchError);
      expect(error).toMatchObject({ code: "CHECKPOINT_MISMATCH", path });
      expect(error.message).toContain(values);
    }
    const fields = (await refused(store.text, {
      hardwareTarget: "intel-vnni",
    })) as CheckpointMismatchError;
    expect(fields.differences.map(({ field }) => field)).toContain("costModel.target");
    const model = (await refused(store.text, {}, [
      ...LAYERS,
      tinyLayer("head"),
    ])) as CheckpointMismatchError;
    expect(model.differences.map(({ field }) => field)).toContain("model.order.4");

    const other = Object.assign(formulaEvaluator(), { identity: "other data" });
    await expect(run({ store }, {}, other)).rejects.toMatchObject({ path: "evaluator.identity" });
  });

  it("is refused whatever the layers are called: no name hides another", async () => {
    const named = (names: readonly string[], macs: readonly number[]) =>
      names.map((name, i) => ({ ...tinyLayer(name), macs: macs[i]! }));
    for (const names of [
      ["1", "2", "3", "0"],
      ["ties", "genes", "other", "order"],
    ]) {
      const engine = () =>
        new QuantizationEvolutionEngine(
          { ...SMALL, maxGenerations: 0 },
          { evaluator: formulaEvaluator() },
        );
      const store = memoryStore();
      await engine().runEvolution(named(names, [1024, 2048, 4096, 8192]), {
        checkpoint: { store },
      });
      const other = named(names, [1024, 2048, 4096, 8192].reverse());
      const error = await engine()
        .runEvolution(other, { checkpoint: { store } })
        .catch((e: unknown) => e);
      const fields = (error as CheckpointMismatchError).differences.map(({ field }) => field);
      expect(fields).toEqual(expect.arrayContaining(names.map((name) => `model.layers.${name}`)));
    }
  });

  it("is refused when it is of another version, or the search goes another way", async () => {
    const store = memoryStore();
    await run({ store }, { maxGenerations: 1 });
    const { fingerprint } = await import("../../../src/numeric/fingerprint.js");
    const resealed = (change: (json: string) => string) =>
      store.text!.replace(/\{"sum":"[0-9a-f]{16}",(.*)\n/g, (_, rest: string) => {
        const json = change(`{${rest}`);
        return `{"sum":"${fingerprint(json)}",${json.slice(1)}\n`;
      });
    expect(
      await refused(
        resealed((json) => json.replace('"quantevo":"', '"quantevo":"9')),
        {},
      ),
    ).toMatchObject({
      path: "quantevo",
    });
    expect(
      await refused(
        resealed((json) => json.replace('"version":1', '"version":2')),
        {},
      ),
    ).toMatchObject({
      code: "INVALID_DOCUMENT",
      path: "line 1.version",
    });
    const swayed = resealed((json) => json.replace(/"accuracy":0\.\d\d/, '"accuracy":0.11'));
    expect(await refused(swayed, {})).toMatchObject({
      code: "CHECKPOINT_MISMATCH",
      path: expect.stringMatching(/^generation\.\d+\./),
    });
  });

  it("is put aside with resume never, and asked for with resume required", async () => {
    const store = memoryStore();
    await run({ store }, { maxGenerations: 1 });
    const other = await run({ store, resume: "never" }, { seed: 9, maxGenerations: 1 });
    expect(other.checkpoint?.resumedAnswers).toBe(0);
    await expect(run({ store, resume: "required" }, { seed: 9 })).resolves.toBeDefined();
    await expect(run({ store: memoryStore(), resume: "required" })).rejects.toMatchObject({
      code: "IO",
    });
  });
});

describe("what is no checkpoint", () => {
  it("is refused with the line named, whatever was done to it", async () => {
    const store = memoryStore();
    const expected = await run({ store }, { maxGenerations: 2 });
    const text = store.text!;
    const attempt = (changed: string) =>
      run({ store: memoryStore(changed) }, { maxGenerations: 2 }).catch((error: unknown) => error);
    for (const changed of [
      "",
      "{}",
      "\n",
      "null\n",
      "\u0000".repeat(100),
      text.slice(1),
      "[".repeat(1e5),
      text.slice(0, 40),
    ])
      expect(await attempt(changed)).toBeInstanceOf(InvalidDocumentError);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: text.length - 1 }),
        fc.constantFrom("x", "0", "\n", '"', "\u0000", ""),
        async (at, put) => {
          const changed = text.slice(0, at) + put + text.slice(at + 1);
          const outcome = await attempt(changed);
          // Damage in the last line is a write that was cut short.
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(InvalidDocumentError);
          else expect(found(outcome as EvolutionResult)).toEqual(found(expected));
        },
      ),
      { numRuns: 60 },
    );
    const lines = text.split(/(?<=\n)/);
    const generation = lines.findIndex((line) => line.includes('"kind":"generation"'));
    for (const changed of [text + lines[0], lines.slice(1).join(""), text + lines[generation]])
      expect(await attempt(changed)).toMatchObject({
        code: "INVALID_DOCUMENT",
        path: expect.stringMatching(/^line \d+$/),
      });
  });

  it("bad options are refused by name", async () => {
    for (const [checkpoint, path] of [
      [{}, "checkpoint.path"],
      [{ path: "" }, "checkpoint.path"],
      [{ path: 3 }, "checkpoint.path"],
      [{ path: "x", store: memoryStore() }, "checkpoint.path"],
      [{ store: {} }, "checkpoint.store"],
      [{ store: memoryStore(), everyGenerations: 0 }, "checkpoint.everyGenerations"],
      [{ store: memoryStore(), everyEvaluations: 1.5 }, "checkpoint.everyEvaluations"],
      [{ store: memoryStore(), resume: true }, "checkpoint.resume"],
      [{ store: memoryStore(), file: "x" }, "file"],
      [7, "checkpoint"],
    ] as const)
      await expect(run(checkpoint as never), path).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        path,
      });
  });
});
