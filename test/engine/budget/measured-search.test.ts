import { describe, expect, it } from "vitest";
import {
  archiveToString,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
  type QuantizationGenome,
} from "../../../src/index.js";
import { hypervolume } from "../../../src/pareto/index.js";
import { memoryStore } from "../checkpoint/stores.js";
import { sampledEvaluator } from "./sampled-evaluator.js";

const LAYERS = ["embedding", "attention", "ffn", "ffn2", "head"];
const SENSITIVITY = { embedding: 0.05, attention: 4, ffn: 0.1, ffn2: 2, head: 1 };
const CONFIG: QuantizationEvolutionConfig = {
  hardwareTarget: "intel-vnni",
  minBits: 2,
  maxBits: 8,
  weightBitChoices: [2, 3, 4, 8],
  weightSchemes: ["symmetric"],
  groupSizes: [32],
  activationBitChoices: [8],
  calibrationMethods: ["mse"],
  populationSize: 12,
  maxGenerations: 40,
  maxEvaluations: 60,
  seed: 4,
};

async function run(
  config: QuantizationEvolutionConfig = {},
  options: Parameters<QuantizationEvolutionEngine["runEvolution"]>[1] = {},
) {
  const evaluator = sampledEvaluator(SENSITIVITY);
  const engine = new QuantizationEvolutionEngine({ ...CONFIG, ...config }, { evaluator });
  return { ...(await engine.runEvolution(LAYERS, options)), evaluator };
}

/** A layer alone is quantized. */
const alone = (key: string) => key.split("32").length > 2 * (LAYERS.length - 1);

/** Hypervolume in accuracy and size, both scaled to the whole range. */
function quality(front: readonly QuantizationGenome[]): number {
  const points = front.map((genome) => [1 - genome.accuracy!, 4 / genome.compressionRatio!]);
  return hypervolume(points, [1, 4]);
}

describe("a search with an evaluator that can judge on a part of its samples", () => {
  it("looks at few samples first, and keeps only what was measured on all", async () => {
    const { evaluator, paretoFront, wholeEvaluations, evaluations } = await run();
    // Two uniform genomes are measured on all samples before anything else.
    const judged = evaluator.asked.filter(({ key }) => !alone(key));
    expect(judged.slice(0, 2).map(({ samples }) => samples)).toEqual([256, 256]);
    const looks = judged.filter(({ samples }) => samples < 256);
    const wholes = judged.filter(({ samples }) => samples === 256);
    expect(looks.length).toBeGreaterThanOrEqual(wholes.length - 2);
    expect(new Set(looks.map(({ samples }) => samples))).toEqual(new Set([32]));
    expect(evaluations).toBe(evaluator.asked.length);
    expect(wholeEvaluations).toBeCloseTo(
      evaluator.asked.reduce((sum, { samples }) => sum + samples / 256, 0),
      9,
    );
    expect(wholeEvaluations).toBeLessThanOrEqual(60);
    const measured = new Set(wholes.map(({ key }) => key));
    for (const genome of paretoFront) {
      expect(measured.has(genome.key)).toBe(true);
      expect(genome.metrics!.accuracySamples).toBe(256);
      const [low, high] = genome.metrics!.accuracyInterval!;
      expect(low).toBeLessThanOrEqual(genome.accuracy!);
      expect(high).toBeGreaterThanOrEqual(genome.accuracy!);
    }
    // No genome is asked for twice at one fidelity.
    const questions = evaluator.asked.map(({ key, samples }) => `${samples} ${key}`);
    expect(new Set(questions).size).toBe(questions.length);
  });

  it("finds more with the same budget than without surrogate and first looks", async () => {
    const seeds = [1, 2, 3];
    const gains = [];
    for (const seed of seeds) {
      const helped = quality((await run({ seed })).paretoFront);
      const plain = quality(
        (await run({ seed, surrogate: false, multiFidelity: false })).paretoFront,
      );
      gains.push(helped - plain);
    }
    expect(gains.filter((gain) => gain > 0).length).toBeGreaterThanOrEqual(2);
  });

  it.each([1, 5, 13])(
    "measures whole genomes with a budget of %i, and uses it up",
    async (budget) => {
      for (const samples of [32, 100]) {
        const evaluator = sampledEvaluator(SENSITIVITY, samples);
        const engine = new QuantizationEvolutionEngine(
          { ...CONFIG, maxEvaluations: budget },
          { evaluator },
        );
        const { stopReason, paretoFront, wholeEvaluations } = await engine.runEvolution(LAYERS);
        expect(stopReason).toBe("max-evaluations");
        expect(paretoFront.length).toBeGreaterThan(0);
        expect(wholeEvaluations).toBeLessThanOrEqual(budget);
        // Less than one evaluation can be left.
        expect(wholeEvaluations).toBeGreaterThan(budget - 1);
      }
    },
  );

  it("goes on from a checkpoint whose budget ended in whole evaluations", async () => {
    const checkpoint = { store: memoryStore() };
    await run({ maxEvaluations: 20 }, { checkpoint });
    const resumed = await run({ maxEvaluations: 40 }, { checkpoint });
    const whole = await run({ maxEvaluations: 40 });
    expect(archiveToString(resumed.paretoFront)).toBe(archiveToString(whole.paretoFront));
  });

  it("evaluates every genome on all samples when both are switched off", async () => {
    const { evaluator } = await run({ surrogate: false, multiFidelity: false });
    expect(evaluator.asked.every(({ samples }) => samples === 256)).toBe(true);
  });

  it("does not depend on how many evaluations are in flight", async () => {
    const one = archiveToString(await run({ parallelEvaluations: 1 }));
    expect(archiveToString(await run({ parallelEvaluations: 7 }))).toBe(one);
    expect(archiveToString(await run({ parallelEvaluations: 1 }))).toBe(one);
  });

  it("goes on from a checkpoint, cut off anywhere, as if nothing had happened", async () => {
    const whole = memoryStore();
    const expected = archiveToString(await run({}, { checkpoint: { store: whole } }));
    expect(archiveToString(await run())).toBe(expected);
    for (const share of [0.2, 0.5, 0.77]) {
      const cut = memoryStore(whole.text!.slice(0, Math.floor(share * whole.text!.length)));
      const resumed = await run({}, { checkpoint: { store: cut } });
      expect(archiveToString(resumed)).toBe(expected);
      // What the checkpoint held was not measured again.
      expect(resumed.evaluator.asked.length).toBeLessThan(resumed.evaluations);
    }
  });

  it("ends when the budget allows nothing more", async () => {
    const { stopReason, wholeEvaluations } = await run({
      maxEvaluations: 20,
      maxGenerations: 1000,
    });
    expect(stopReason).toBe("max-evaluations");
    expect(wholeEvaluations).toBeLessThanOrEqual(20);
    expect(wholeEvaluations).toBeGreaterThan(18);
  });
});

describe("first looks at single layers", () => {
  it("come after the references, before everything else, on few samples, and say what layers are sensitive", async () => {
    const { evaluator, sensitivity } = await run({ parallelEvaluations: 1 });
    const asked = evaluator.asked.slice(2);
    const first = asked.slice(0, LAYERS.length);
    expect(first.every(({ key, samples }) => samples === 32 && alone(key))).toBe(true);
    const others = asked.findIndex(({ key }) => !alone(key));
    expect(asked.slice(others).some(({ key }) => alone(key))).toBe(false);
    const order = [...sensitivity!].sort(([, a], [, b]) => b - a).map(([name]) => name);
    expect(order[0]).toBe("attention");
    expect(sensitivity!.get("attention")).toBe(1);
    expect(sensitivity!.get("embedding")!).toBeLessThanOrEqual(sensitivity!.get("ffn2")!);
    // What shows nothing on 32 samples loses less than the least that does, one sample; not
    // nothing.
    expect(Math.min(...sensitivity!.values())).toBeGreaterThan(0.01);
  });

  it(
    "are repeated on more samples where they do not stand out from their error, if the budget " +
      "has room",
    async () => {
      const looks = async (maxEvaluations: number, sensitivity = SENSITIVITY) => {
        const evaluator = sampledEvaluator(sensitivity);
        await new QuantizationEvolutionEngine(
          { ...CONFIG, maxEvaluations },
          { evaluator },
        ).runEvolution(LAYERS);
        return evaluator.asked
          .filter(({ key }) => alone(key))
          .map(({ key, samples }) => ({ key, samples }));
      };
      const [first, second] = [await looks(60), await looks(12)];
      expect(first.slice(0, LAYERS.length).every(({ samples }) => samples === 32)).toBe(true);
      const again = first.slice(LAYERS.length);
      expect(again.length).toBeGreaterThan(0);
      for (const { key, samples } of again) {
        expect(samples).toBeGreaterThanOrEqual(64);
        expect(first.slice(0, LAYERS.length).some((look) => look.key === key)).toBe(true);
      }
      expect(again.reduce((sum, { samples }) => sum + samples / 256, 0)).toBeLessThanOrEqual(
        0.75 * 12,
      );
      expect(second).toHaveLength(LAYERS.length);
    },
  );

  it("are left out when sensitivity is not asked for, named, or dear for the budget", async () => {
    for (const config of [
      { useSensitivityAnalysis: false },
      { useSensitivityAnalysis: "predicted" },
      { multiFidelity: false },
      { maxEvaluations: 7 },
    ] as const) {
      // Half of 32 samples a look: 2.5 whole evaluations.
      const evaluator = sampledEvaluator(SENSITIVITY, "maxEvaluations" in config ? 32 : 256);
      await new QuantizationEvolutionEngine({ ...CONFIG, ...config }, { evaluator }).runEvolution(
        LAYERS,
      );
      expect(evaluator.asked.length).toBeGreaterThan(0);
      expect(evaluator.asked.some(({ key }) => alone(key))).toBe(false);
    }
  });

  it("that fail count as the most sensitive layer, and all failing leaves the predicted ones", async () => {
    const failing = async (fails: (key: string, nth: number) => boolean) => {
      const evaluator = sampledEvaluator(SENSITIVITY);
      const evaluate: typeof evaluator.evaluate = async (genome, options) => {
        const estimate = await evaluator.evaluate(genome, options);
        if (fails(genome.key, evaluator.asked.length)) throw new Error("no answer");
        return estimate;
      };
      const engine = new QuantizationEvolutionEngine(
        { ...CONFIG, parallelEvaluations: 1, maxEvaluations: 20 },
        { evaluator: { ...evaluator, evaluate } },
      );
      return engine.runEvolution(LAYERS);
    };
    const one = await failing((key, nth) => alone(key) && nth === 3);
    expect(one.failures).toHaveLength(1);
    expect(one.sensitivity!.get("embedding")).toBe(1);
    const all = await failing((key) => alone(key));
    expect(all.failures).toHaveLength(LAYERS.length);
    expect(all.sensitivity).toEqual(
      await new QuantizationEvolutionEngine(CONFIG).analyzeSensitivity(LAYERS, {
        metric: "predicted",
      }),
    );
    expect(all.paretoFront.length).toBeGreaterThan(0);
  });
});

describe("significantFront", () => {
  it("is the part of the front whose accuracy is not a tie with something cheaper", async () => {
    const { paretoFront, significantFront } = await run();
    const keys = new Set(paretoFront.map((genome) => genome.key));
    expect(significantFront.length).toBeGreaterThan(1);
    expect(significantFront.length).toBeLessThan(paretoFront.length);
    for (const genome of significantFront) expect(keys.has(genome.key)).toBe(true);
    for (const [i, genome] of significantFront.entries())
      if (i > 0) expect(genome.accuracy!).toBeLessThanOrEqual(significantFront[i - 1]!.accuracy!);
  });
});

describe("baselines", () => {
  it("get the budget of the search and are compared plainly", async () => {
    const { baselines, wholeEvaluations, paretoFront } = await run({}, { baselines: true });
    expect(baselines!.map(({ name }) => name)).toEqual(["uniform", "greedy", "random", "exact"]);
    for (const report of baselines!) {
      expect(report.wholeEvaluations).toBeLessThanOrEqual(wholeEvaluations);
      expect(report.wholeEvaluations).toBeGreaterThan(0);
      expect(report.front.length).toBeGreaterThan(0);
      const keys = new Set(report.front.map((genome) => genome.key));
      for (const genome of report.unbeaten) {
        expect(keys.has(genome.key)).toBe(true);
        const better = paretoFront.filter(
          (rival) =>
            rival.accuracy! >= genome.accuracy! &&
            rival.metrics!.sizeBytes <= genome.metrics!.sizeBytes &&
            rival.inferenceLatencyMs! <= genome.inferenceLatencyMs! &&
            rival.energyPerInferenceMj! <= genome.energyPerInferenceMj!,
        );
        expect(better).toEqual([]);
      }
    }
    for (const { unbeaten, clearlyUnbeaten } of baselines!)
      for (const genome of clearlyUnbeaten) expect(unbeaten).toContain(genome);
    // A few hundred samples right or wrong: near leads are chance.
    const count = (list: "unbeaten" | "clearlyUnbeaten") =>
      baselines!.reduce((sum, report) => sum + report[list].length, 0);
    expect(count("clearlyUnbeaten")).toBeLessThan(count("unbeaten"));
    const random = baselines!.find(({ name }) => name === "random")!;
    expect(random.evolvedHypervolume).toBeGreaterThan(random.hypervolume);
  });

  it("are those that are asked for, and nothing else is accepted", async () => {
    expect((await run({ maxEvaluations: 15 }, { baselines: ["exact"] })).baselines).toHaveLength(1);
    expect((await run({ maxEvaluations: 15 }, { baselines: false })).baselines).toBeUndefined();
    await expect(run({}, { baselines: ["luck"] as never })).rejects.toThrow(
      /baselines is \["luck"\]/,
    );
    await expect(run({}, { baselines: "exact" as never })).rejects.toThrow(/baselines is exact/);
  });
});
