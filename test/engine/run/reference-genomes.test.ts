import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../../src/engine/config.js";
import { geneSpaceOf } from "../../../src/engine/run/gene-space-of.js";
import { referenceGenomes } from "../../../src/engine/run/reference-genomes.js";
import { float32Genome } from "../../../src/evaluation/uniform-genome.js";
import { costModelFor } from "../../../src/hardware/registry.js";
import {
  archiveToString,
  type EvolutionEvent,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
  type QuantizationGenome,
} from "../../../src/index.js";
import { modelFromLayers } from "../../../src/model/model-from-layers.js";
import { memoryStore } from "../checkpoint/stores.js";
import { formulaEvaluator, TINY_LAYERS as LAYERS, SMALL_RUN } from "../fakes.js";

const MODEL = modelFromLayers(LAYERS);

function references(config: QuantizationEvolutionConfig) {
  const space = geneSpaceOf(MODEL, resolveConfig(config), costModelFor("arm-neon"));
  return referenceGenomes(space, MODEL);
}

const bitsOf = (genome: QuantizationGenome) => [
  ...new Set([...genome.layerConfigs.values()].map(({ weightBits }) => weightBits)),
];

const float = (accuracy: number) =>
  ({ kind: "measured", accuracy, metric: "f", metricValue: accuracy, source: "test" }) as const;

/** The calls of a run, and its result, when the signal is aborted at the end of evaluation `k`. */
async function stoppedAfter(k: number, parallelEvaluations: number, budget = false) {
  const abort = new AbortController();
  const evaluator = formulaEvaluator();
  let ended = 0;
  const evaluate: typeof evaluator.evaluate = async (genome, options) => {
    const estimate = await evaluator.evaluate(genome, options);
    if (++ended === k && !budget) setTimeout(() => abort.abort());
    return estimate;
  };
  const engine = new QuantizationEvolutionEngine(
    { ...SMALL_RUN, parallelEvaluations, useSensitivityAnalysis: "accuracy-drop" },
    { evaluator: { ...evaluator, evaluate } },
  );
  const limits = budget ? { maxEvaluations: k } : { signal: abort.signal };
  return { engine, result: await engine.runEvolution(LAYERS, limits) };
}

describe("the reference genomes", () => {
  it("are all layers at 8 bits, then at 4, as far as the space has them", () => {
    expect(references({}).uniform.map(bitsOf)).toEqual([[8], [4]]);
    expect(references({ minBits: 2, maxBits: 3 }).uniform.map(bitsOf)).toEqual([[3]]);
    const { uniform } = references({ layerOverrides: { ffn: { weightBits: 32 } } });
    expect(uniform.map((genome) => genome.layerConfigs.get("ffn")!.weightBits)).toEqual([32, 32]);
  });

  it("have the float32 model only where the space does", () => {
    expect(references({}).float).toBeUndefined();
    expect(references({ maxBits: 32 }).float).toBeUndefined();
    const { float: found } = references({ maxBits: 32, activationBitChoices: [8, 32] });
    expect(found!.key).toBe(float32Genome(MODEL).key);
  });

  it("are measured before all else; float costs no evaluation where it is known", async () => {
    for (const known of [false, true]) {
      const evaluator = formulaEvaluator();
      const engine = new QuantizationEvolutionEngine(
        { ...SMALL_RUN, maxBits: 32, activationBitChoices: [8, 32], parallelEvaluations: 1 },
        { evaluator: known ? { ...evaluator, baseline: float(1) } : evaluator },
      );
      const { paretoFront } = await engine.runEvolution(LAYERS);
      const { uniform, float: genome } = references({
        maxBits: 32,
        activationBitChoices: [8, 32],
      });
      const first = known ? uniform : [...uniform, genome!];
      expect(evaluator.calls.slice(0, first.length)).toEqual(first.map(({ key }) => key));
      expect(evaluator.calls.includes(genome!.key)).toBe(!known);
      // Nothing is as accurate, and all of it costs more or less: it stays on the front.
      expect(paretoFront.some(({ key }) => key === genome!.key)).toBe(true);
    }
  });

  it("are there whenever a run stops: at any evaluation, by abort or budget", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (k, parallel, budget) => {
          const { engine, result } = await stoppedAfter(k, parallel, budget);
          expect(result.paretoFront.length).toBeGreaterThan(0);
          expect(engine.getBestGenome().accuracy).toBeGreaterThan(0);
          if (budget) expect(result.wholeEvaluations).toBeLessThanOrEqual(k);
        },
      ),
      { numRuns: 30, seed: 12 },
    );
  });

  it("are there on a budget of one evaluation, also without a cache", async () => {
    for (const enableCaching of [true, false]) {
      const engine = new QuantizationEvolutionEngine(
        { ...SMALL_RUN, maxEvaluations: 1, enableCaching },
        { evaluator: formulaEvaluator() },
      );
      const result = await engine.runEvolution(LAYERS);
      expect(result).toMatchObject({ stopReason: "max-evaluations", evaluations: 1 });
      expect(bitsOf(engine.getBestGenome())).toEqual([8]);
    }
  });

  it("leave a run that stopped among them where an uninterrupted one ends", async () => {
    const whole = await new QuantizationEvolutionEngine(SMALL_RUN, {
      evaluator: formulaEvaluator(),
    }).runEvolution(LAYERS);
    for (const k of [1, 2, 3, 9]) {
      const store = memoryStore();
      const abort = new AbortController();
      let ended = 0;
      const run = (evaluator: ReturnType<typeof formulaEvaluator>, signal?: AbortSignal) =>
        new QuantizationEvolutionEngine(SMALL_RUN, { evaluator }).runEvolution(LAYERS, {
          checkpoint: { store },
          signal,
        });
      const stopped = await run(
        formulaEvaluator({}, { before: () => void (++ended === k && abort.abort()) }),
        abort.signal,
      );
      expect(stopped.stopReason).toBe("aborted");
      const rest = formulaEvaluator();
      expect(archiveToString(await run(rest))).toBe(archiveToString(whole));
    }
  });
});

describe("the event of an evaluation", () => {
  async function events(config: QuantizationEvolutionConfig, options = {}) {
    const engine = new QuantizationEvolutionEngine(
      { ...SMALL_RUN, ...config },
      { evaluator: formulaEvaluator() },
    );
    const found: EvolutionEvent[] = [];
    for await (const event of engine.stream(LAYERS, options)) found.push(event);
    return found;
  }
  const evaluationsOf = (found: readonly EvolutionEvent[]) =>
    found.filter((event) => event.type === "evaluation");

  it("comes first and for each, counts to the end, and says what it was for", async () => {
    const found = await events({ useSensitivityAnalysis: "accuracy-drop", maxEvaluations: 40 });
    expect(found[0]!.type).toBe("evaluation");
    const told = evaluationsOf(found);
    expect(told.map(({ evaluations }) => evaluations)).toEqual(told.map((_, i) => i + 1));
    const end = found.at(-1)!;
    expect(end.type === "stopped" && end.result.evaluations).toBe(told.length);
    expect(told.slice(0, 2).every(({ stage }) => stage === "reference")).toBe(true);
    expect(told.slice(2, 7).every(({ stage }) => stage === "sensitivity")).toBe(true);
    expect(told.slice(7).every(({ stage }) => stage === "search")).toBe(true);
    for (const { of, wholeEvaluations, estimatedMsLeft, genome, stage } of told) {
      expect(of).toBe(40);
      expect(wholeEvaluations).toBeLessThanOrEqual(of);
      expect(estimatedMsLeft).toBeGreaterThanOrEqual(0);
      expect(genome.metrics === undefined).toBe(stage === "sensitivity");
    }
  });

  it("bounds the evaluations to come by generations where no budget does", async () => {
    const told = evaluationsOf(await events({}));
    for (const { of, wholeEvaluations } of told) {
      expect(of).toBeLessThanOrEqual(2 + 8 * 6);
      expect(of).toBeGreaterThanOrEqual(wholeEvaluations);
    }
    expect(told[0]!.of).toBe(48);
  });

  it("is not told again by a resumed run", async () => {
    const store = memoryStore();
    const first = evaluationsOf(await events({}, { checkpoint: { store }, maxGenerations: 2 }));
    const second = evaluationsOf(await events({}, { checkpoint: { store }, maxGenerations: 4 }));
    expect(second[0]!.evaluations).toBe(first.length + 1);
  });
});
