import { describe, expect, it } from "vitest";
import type { CalibrationMethodDefinition } from "../../src/calibration/index.js";
import type { AccuracyEstimate, AccuracyEvaluator } from "../../src/evaluation/evaluator.js";
import type { SensitivityMetric } from "../../src/evaluation/sensitivity/contract.js";
import { float32Genome, uniformGenome } from "../../src/evaluation/uniform-genome.js";
import type { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import type { HardwareCostModel } from "../../src/hardware/contract.js";
import { costModelFor } from "../../src/hardware/core-registry.js";
import type {
  CrossoverOperator,
  MutationOperator,
  SamplingOperator,
} from "../../src/operators/contract.js";
import { Random } from "../../src/random/random.js";
import {
  accuracyEvaluatorContract,
  type ContractCheck,
  calibrationMethodContract,
  crossoverOperatorContract,
  hardwareCostModelContract,
  mutationOperatorContract,
  samplingOperatorContract,
  sensitivityMetricContract,
} from "../../src/testing/index.js";
import { sameValue } from "../../src/testing/same-value.js";
import { smallModel } from "../evaluation/small-models.js";

/** The names of the checks that something does not pass. */
async function failed(checks: readonly ContractCheck[]): Promise<string[]> {
  const names: string[] = [];
  for (const check of checks)
    try {
      await check.run();
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      names.push(check.name);
    }
  return names;
}

/** A way to break something, and the check that has to see it. */
type Breaks<T> = readonly (readonly [check: string, broken: () => T])[];

/** One that keeps the contract passes every check, and each check sees something that does not. */
function describeSuite<T>(
  title: string,
  suite: (create: () => T) => readonly ContractCheck[],
  good: () => T,
  breaks: Breaks<T>,
): void {
  describe(title, () => {
    it("passes what keeps the contract", async () => {
      expect(await failed(suite(good))).toEqual([]);
    });

    it.each(breaks)("fails what breaks: %s", async (check, broken) => {
      expect(await failed(suite(broken))).toContain(check);
    });

    it("has no check that nothing fails", () => {
      const seen = new Set(breaks.map(([check]) => check));
      expect([...seen].sort()).toEqual(
        suite(good)
          .map(({ name }) => name)
          .sort(),
      );
    });
  });
}

/** Another number each time it is asked. */
function counter(): () => number {
  let count = 0;
  return () => ++count;
}

function evaluator(
  patch: (
    estimate: AccuracyEstimate,
    genome: QuantizationGenome,
  ) => Partial<AccuracyEstimate> = () => ({}),
  more: Partial<AccuracyEvaluator> = {},
): AccuracyEvaluator {
  return {
    kind: "predicted",
    async evaluate(genome, { signal }) {
      signal?.throwIfAborted();
      let bits = 0;
      for (const { name } of smallModel.layers) bits += genome.layerConfigs.get(name)!.weightBits;
      const accuracy = bits / (32 * smallModel.layers.length);
      const estimate: AccuracyEstimate = {
        ...{ kind: "predicted", accuracy, metric: "bits", metricValue: accuracy, source: "sum" },
      };
      return { ...estimate, ...patch(estimate, genome) };
    },
    ...more,
  };
}

const genomes = [4, 8].map((bits) => uniformGenome(smallModel, { weightBits: bits as 4 | 8 }));

describeSuite<AccuracyEvaluator>(
  "accuracyEvaluatorContract",
  (create) =>
    accuracyEvaluatorContract({
      create,
      genomes,
      float32: float32Genome(smallModel),
      ruined: uniformGenome(smallModel, { weightBits: 2 }),
    }),
  () => evaluator(),
  (() => {
    const count = counter();
    return [
      ["gives a labelled accuracy from 0 to 1", () => evaluator(() => ({ accuracy: 1.5 }))],
      ["gives a labelled accuracy from 0 to 1", () => evaluator(() => ({ source: "" }))],
      ["gives a labelled accuracy from 0 to 1", () => evaluator(() => ({ samples: 3 }))],
      ["gives a labelled accuracy from 0 to 1", () => evaluator(() => ({ kind: "measured" }))],
      [
        "says the same again, from the same evaluator and from another",
        () => evaluator(() => ({ metricValue: count() })),
      ],
      ["says the same to many asked at once", () => evaluator(() => ({ metricValue: count() }))],
      [
        "does not depend on a genome's metrics",
        () => evaluator((_, genome) => ({ metric: genomes.includes(genome) ? "known" : "new" })),
      ],
      [
        "tells a ruined model from the float32 one, and its baseline is the latter",
        () => evaluator(() => ({ accuracy: 0.5 })),
      ],
      [
        "tells a ruined model from the float32 one, and its baseline is the latter",
        () =>
          evaluator(undefined, {
            baseline: {
              ...{
                kind: "predicted",
                accuracy: 0.9,
                metric: "bits",
                metricValue: 0.9,
                source: "-",
              },
            },
          }),
      ],
      [
        "rejects once its signal is aborted",
        () => ({ kind: "predicted", evaluate: (genome) => evaluator().evaluate(genome, {}) }),
      ],
      [
        "rejects a genome that lacks a layer",
        () => ({
          kind: "predicted",
          evaluate: (genome, options) =>
            evaluator().evaluate(genome.layerConfigs.has("stem") ? genome : genomes[0]!, options),
        }),
      ],
    ];
  })(),
);

const inner = costModelFor("arm-neon");

function costModel(
  patch: (
    estimate: ReturnType<HardwareCostModel["estimate"]>,
    genome: QuantizationGenome,
  ) => object,
): HardwareCostModel {
  return {
    target: "mine",
    supports: (layer, config) => inner.supports(layer, config),
    estimate(model, genome) {
      const estimate = inner.estimate(model, genome);
      return { ...estimate, ...patch(estimate, genome) };
    },
  };
}

const bitsOf = (genome: QuantizationGenome) => genome.layerConfigs.get("ffn")!.weightBits;

describeSuite<HardwareCostModel>(
  "hardwareCostModelContract",
  hardwareCostModelContract,
  () => costModel(() => ({ source: "my stopwatch" })),
  (() => {
    const count = counter();
    const addUp =
      "costs every width, scheme and granularity with finite positive numbers that add up";
    const explained = "explains exactly what is not native, and lists what is refused";
    return [
      [
        "has a target and says where its numbers come from",
        () => costModel(() => ({ source: "" })),
      ],
      [addUp, () => costModel(({ latencyMs }) => ({ latencyMs: latencyMs / 10 }))],
      [addUp, () => costModel(() => ({ energyMj: Number.NaN }))],
      [addUp, () => costModel(({ layers }) => ({ layers: layers.slice(1) }))],
      [addUp, () => costModel(() => ({ memoryFootprintMb: 0.001 }))],
      [explained, () => costModel(() => ({ notes: [] }))],
      [explained, () => costModel(() => ({ refusedLayers: ["ffn"] }))],
      [
        explained,
        () => ({
          ...costModel(() => ({})),
          supports: (...asked) => ({ ...inner.supports(...asked), reasons: ["because"] }),
        }),
      ],
      ["is a function of its arguments", () => costModel(() => ({ source: `${count()}` }))],
      [
        "makes uniform int8 cheaper than float32 in time, energy, storage and memory",
        () => costModel(() => ({ energyMj: 1e6 })),
      ],
      [
        "never stores more for fewer bits",
        () =>
          costModel(({ storedBytes }, genome) => ({
            storedBytes: bitsOf(genome) === 3 ? 10 * storedBytes : storedBytes,
          })),
      ],
      [
        "refuses a genome that lacks a layer",
        () => ({
          ...costModel(() => ({})),
          estimate(model, genome) {
            const layers = model.layers.filter(({ name }) => genome.layerConfigs.has(name));
            return inner.estimate({ ...model, layers }, genome);
          },
        }),
      ],
    ];
  })(),
);

function metric(
  of: (name: string, concurrency: number | undefined) => number,
  more: Partial<SensitivityMetric> = {},
): SensitivityMetric {
  return {
    name: "mine",
    kind: "predicted",
    async lossIncreases(model, { signal, concurrency }) {
      signal?.throwIfAborted();
      return new Map(model.layers.map(({ name }) => [name, of(name, concurrency)]));
    },
    ...more,
  };
}

const byName = (name: string) => name.length;

describeSuite<SensitivityMetric>(
  "sensitivityMetricContract",
  (create) => sensitivityMetricContract(create, smallModel),
  () => metric(byName),
  (() => {
    const finite = "gives a finite number of at least 0 for every layer, and above 0 for one";
    const count = counter();
    return [
      [
        "has a name, and says whether it predicts or measures",
        () => metric(byName, { kind: "guessed" as never }),
      ],
      [finite, () => metric(() => 0)],
      [finite, () => metric((name) => (name === "wide" ? -1 : 1))],
      [finite, () => metric(() => Number.NaN)],
      [finite, () => metric(byName, { lossIncreases: async () => new Map([["stem", 1]]) })],
      [finite, () => metric(byName, { lossIncreases: async () => ({ stem: 1 }) as never })],
      ["says the same again, with any concurrency", () => metric(count)],
      [
        "says the same again, with any concurrency",
        () => metric((name, concurrency = 1) => byName(name) * concurrency),
      ],
      [
        "throws the reason of its signal once that is aborted",
        () => metric(byName, { lossIncreases: () => metric(byName).lossIncreases(smallModel, {}) }),
      ],
      [
        "throws the reason of its signal once that is aborted",
        () => metric(byName, { lossIncreases: () => Promise.reject(new Error("another")) }),
      ],
    ];
  })(),
);

const nextCode = counter();

/** A method of its own each time, as names and codes cannot be taken twice. */
function method(more: Partial<CalibrationMethodDefinition> = {}): CalibrationMethodDefinition {
  const code = 15 + nextCode();
  const range: CalibrationMethodDefinition["range"] = ({ min, max }) => ({ low: min, high: max });
  return { name: `method-${code}`, code, reach: 3, range, ...more };
}

describeSuite<CalibrationMethodDefinition>(
  "calibrationMethodContract",
  (create) => calibrationMethodContract(create()),
  method,
  (() => {
    const near = "chooses a range no farther from 0 than the data, the same again";
    const valid = "gives valid parameters, in which every value stays finite";
    const streamed = "gives the same for a stream in any order and in batches of any length";
    const count = counter();
    return [
      ["can be added, and twice as well as once", () => method({ code: 3 })],
      [near, () => method({ range: ({ min, max }) => ({ low: 2 * min, high: 2 * max }) })],
      [near, () => method({ range: ({ max }) => ({ low: max, high: -max - 1 }) })],
      [near, () => method({ range: ({ max }) => ({ low: 0, high: max / count() }) })],
      [valid, () => method({ range: () => ({ low: Number.NaN, high: 1 }) })],
      [
        streamed,
        () =>
          method({
            observer: () => {
              let first = 0;
              return {
                observe: (values) => {
                  first ||= values[0]!;
                },
                source: () => ({
                  ...{ min: Math.min(0, first), max: Math.max(0, first) },
                  ...{ squaredError: () => 0, squaredErrors: (f) => new Float64Array(f.length) },
                  percentile: () => 0,
                  histogram: () => ({ counts: new Float64Array(1), zeroBin: 0, width: 1 }),
                }),
              };
            },
          }),
      ],
    ];
  })(),
);

describe("sameValue", () => {
  it.each<[unknown, unknown, boolean]>([
    [Number.NaN, Number.NaN, true],
    [0, -0, true],
    [1, "1", false],
    [null, undefined, false],
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [[1, [2]], [1, [2]], true],
    [[1, 2], [1, 2, 3], false],
    [Float32Array.of(1, 2), Float32Array.of(1, 2), true],
    [Float32Array.of(1, 2), Float32Array.of(1, 3), false],
    [Float32Array.of(1), Float64Array.of(1), false],
    [new Map([["a", [1]]]), new Map([["a", [1]]]), true],
    [new Map([["a", 1]]), new Map([["b", 1]]), false],
    [[], {}, false],
  ])("%o and %o: %o", (a, b, same) => {
    expect(sameValue(a, b)).toBe(same);
    expect(sameValue(b, a)).toBe(same);
  });
});

/** One gene up, round and round. */
const mutation = (patch: Partial<MutationOperator> = {}): MutationOperator => ({
  name: "own",
  mutate(genes, { space, random }) {
    if (genes.length === 0) return;
    const at = random.integer(genes.length);
    genes[at] = (genes[at]! + 1) % space.counts[at]!;
  },
  ...patch,
});

describeSuite<MutationOperator>(
  "mutationOperatorContract",
  mutationOperatorContract,
  () => mutation(),
  (() => {
    const count = counter();
    return [
      ["has a name", () => mutation({ name: "" })],
      ["leaves every gene at one of its choices", () => mutation({ mutate: (g) => g.fill(99) })],
      [
        "does the same for the same seed",
        () => mutation({ mutate: (genes) => genes.fill(count() % 2, 0, 1) }),
      ],
      ["changes something sooner or later", () => mutation({ mutate: () => {} })],
    ];
  })(),
);

/** The genes of the first owner come from the second parent. */
const crossover = (patch: Partial<CrossoverOperator> = {}): CrossoverOperator => ({
  name: "own",
  cross(child, mate, { space }) {
    for (const gene of space.owners[0]?.genes ?? []) child[gene] = mate[gene]!;
  },
  ...patch,
});

describeSuite<CrossoverOperator>(
  "crossoverOperatorContract",
  crossoverOperatorContract,
  () => crossover(),
  [
    ["has a name", () => crossover({ name: "" })],
    [
      "takes every gene from one of the parents, and leaves the second as it is",
      () => crossover({ cross: (child, mate) => mate.set(child) }),
    ],
    [
      "keeps the genes of an owner together",
      () =>
        crossover({
          cross: (child, mate) => {
            for (let at = 0; at < child.length; at += 2) child[at] = mate[at]!;
          },
        }),
    ],
    [
      "does the same for the same seed, and changes nothing of equal parents",
      () => crossover({ cross: (child) => void child.fill(0) }),
    ],
    ["takes something of the second parent sooner or later", () => crossover({ cross: () => {} })],
  ],
);

const sampling = (patch: Partial<SamplingOperator> = {}): SamplingOperator => ({
  name: "own",
  sample: ({ space, count, random }) => Array.from({ length: count }, () => space.draw(random)),
  ...patch,
});

describeSuite<SamplingOperator>(
  "samplingOperatorContract",
  (create) => samplingOperatorContract(create),
  () => sampling(),
  (() => {
    const count = counter();
    return [
      ["has a name", () => sampling({ name: "" })],
      [
        "makes at most as many genomes as are asked for, each within the space",
        () => sampling({ sample: ({ space, random }) => Array(9).fill(space.draw(random)) }),
      ],
      [
        "does the same for the same seed",
        () => sampling({ sample: ({ space }) => [space.draw(new Random(count()))] }),
      ],
      ["makes some", () => sampling({ sample: () => [] })],
    ];
  })(),
);
