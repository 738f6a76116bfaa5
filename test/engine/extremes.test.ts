import { describe, expect, it } from "vitest";
import {
  type AccuracyEvaluator,
  archiveToString,
  type EvolutionOptions,
  type LayerSpec,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
} from "../../src/index.js";
import { sampledEvaluator } from "./budget/sampled-evaluator.js";
import { memoryStore } from "./checkpoint/stores.js";
import {
  formulaEvaluator,
  TINY_LAYERS as LAYERS,
  SMALL_RUN as SMALL,
  tinyLayer,
  WIDTHS_ONLY,
} from "./fakes.js";

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function run(
  options: EvolutionOptions,
  config: QuantizationEvolutionConfig,
  evaluator: AccuracyEvaluator | undefined = formulaEvaluator(),
  layers: readonly LayerSpec[] = LAYERS,
) {
  return new QuantizationEvolutionEngine({ ...SMALL, ...config }, { evaluator }).runEvolution(
    layers,
    options,
  );
}

const ONE_CHOICE: QuantizationEvolutionConfig = { ...WIDTHS_ONLY, weightBitChoices: [8] };

describe("extremes", () => {
  it("one layer, one choice", async () => {
    const result = await run({}, ONE_CHOICE, undefined, [tinyLayer("only")]);
    expect(result).toMatchObject({ evaluations: 1, stopReason: "max-generations", generations: 5 });
    expect(result.paretoFront).toHaveLength(1);
  });

  const evaluators: Readonly<Record<string, () => AccuracyEvaluator | undefined>> = {
    predicted: () => undefined,
    measured: () => formulaEvaluator(),
    sampled: () => sampledEvaluator({ embedding: 1, attention: 3, ffn: 2, output: 1 }),
  };
  const cases = Object.keys(evaluators).flatMap((evaluator) =>
    [1, 4].flatMap((layers) =>
      ["one choice", "all choices"].flatMap((choices) =>
        [1, 2].map((population) => ({ evaluator, layers, choices, population })),
      ),
    ),
  );
  it.each(cases)(
    "layers: $layers, $choices, population: $population, $evaluator, with baselines, and resumed",
    async ({ evaluator, layers, choices, population }) => {
      const config: QuantizationEvolutionConfig = {
        populationSize: population,
        maxGenerations: 4,
        ...(choices === "one choice" && ONE_CHOICE),
      };
      const store = memoryStore();
      const go = (options: EvolutionOptions) =>
        new QuantizationEvolutionEngine(
          { ...SMALL, ...config },
          { evaluator: evaluators[evaluator]!() },
        ).runEvolution(LAYERS.slice(0, layers), { baselines: true, ...options });
      const whole = await go({});
      expect(whole).toMatchObject({ stopReason: "max-generations", generations: 4, failures: [] });
      expect(whole.paretoFront.length).toBeGreaterThan(0);
      if (choices === "one choice") expect(whole.paretoFront).toHaveLength(1);
      for (const report of whole.baselines!) {
        expect(report).not.toHaveProperty("incomplete");
        expect(report.front.length).toBeGreaterThan(0);
      }
      await go({ checkpoint: { store }, maxGenerations: 1 });
      expect(archiveToString(await go({ checkpoint: { store } }))).toBe(archiveToString(whole));
    },
  );

  it("a population of one, with and without a checkpoint", async () => {
    const store = memoryStore();
    const config = { populationSize: 1, maxGenerations: 12 };
    const plain = await run({}, config);
    expect(plain.paretoFront.length).toBeGreaterThan(0);
    await run({ checkpoint: { store }, maxGenerations: 4 }, config);
    expect(archiveToString(await run({ checkpoint: { store } }, config))).toBe(
      archiveToString(plain),
    );
  });

  it("five thousand layers: stopped while it is prepared, run, and resumed", {
    timeout: 60_000,
  }, async () => {
    const layers = Array.from({ length: 5000 }, (_, i) => ({
      ...tinyLayer(`layer ${i}`),
      parameterCount: 16,
      macs: 16,
      inputShape: [1, 4],
      outputShape: [1, 4],
    }));
    const store = memoryStore();
    const config = { populationSize: 3, maxGenerations: 1 };
    const abort = new AbortController();
    const stopped = run({ signal: abort.signal }, config, undefined, layers);
    setTimeout(() => abort.abort(), 1);
    expect(await stopped).toMatchObject({ stopReason: "aborted", evaluations: 0 });
    const plain = await run({ checkpoint: { store } }, config, formulaEvaluator(), layers);
    expect(plain.stopReason).toBe("max-generations");
    const evaluator = formulaEvaluator();
    const resumed = await run({ checkpoint: { store } }, config, evaluator, layers);
    expect(evaluator.calls).toEqual([]);
    expect(resumed.checkpoint?.resumedAnswers).toBe(plain.evaluations);
    expect(archiveToString(resumed)).toBe(archiveToString(plain));
  });
});

describe("two runs in one process", () => {
  const slow = () => formulaEvaluator({}, { before: (genome) => wait(genome.key.length % 3) });
  const seeds = [1, 2];

  it("interleaved, are as each alone", async () => {
    const alone = [];
    for (const seed of seeds) alone.push(archiveToString(await run({}, { seed })));
    const together = await Promise.all(seeds.map((seed) => run({}, { seed }, slow())));
    expect(together.map((result) => archiveToString(result))).toEqual(alone);
  });

  it("are so too when they share model, evaluator, cost model, callback and signal", async () => {
    const { signal } = new AbortController();
    const { costModelFor } = await import("../../src/hardware/registry.js");
    const costModel = costModelFor("intel-vnni");
    const evaluator = slow();
    const callback = () => wait(1);
    const model = { name: "shared", source: "user", layers: LAYERS } as const;
    const go = (seed: number) =>
      new QuantizationEvolutionEngine({ ...SMALL, seed }, { evaluator, costModel }).runEvolution(
        model,
        {
          signal,
          callback,
          baselines: ["random", "exact"],
        },
      );
    const told = ({
      paretoFront,
      history,
      evaluations,
      baselines,
    }: Awaited<ReturnType<typeof go>>) => ({
      archive: archiveToString(paretoFront),
      history,
      evaluations,
      baselines: baselines!.map(({ front, hypervolume }) => [archiveToString(front), hypervolume]),
    });
    const alone = [];
    for (const seed of seeds) alone.push(told(await go(seed)));
    expect((await Promise.all(seeds.map(go))).map(told)).toEqual(alone);
  });
});
