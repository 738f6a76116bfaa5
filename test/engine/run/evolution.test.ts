import { describe, expect, it } from "vitest";
import { withCustom } from "../../../src/engine/run/custom-operators.js";
import {
  Evolution,
  type EvolutionEvaluator,
  type EvolutionSettings,
} from "../../../src/engine/run/evolution.js";
import type { Individual } from "../../../src/evaluation/individual.js";
import { defaultLayerSpace } from "../../../src/genes/search-space.js";
import { GeneSpace } from "../../../src/genome/gene-space.js";
import type { QuantizationGenome } from "../../../src/genome/quantization-genome.js";
import { builtInOperators } from "../../../src/operators/built-in-operators.js";
import type { CrossoverOperator, MutationOperator } from "../../../src/operators/contract.js";

const NAMES = ["a", "b", "c", "d", "e", "f"];
const space = new GeneSpace({
  space: { layers: new Map(NAMES.map((name) => [name, defaultLayerSpace])), ties: [] },
});

/** Narrow is small, wide is accurate; keeps every genome that was asked for. */
function evaluator() {
  const asked: QuantizationGenome[][] = [];
  const all = new Map<string, Individual>();
  const one: EvolutionEvaluator = {
    async evaluate(genomes) {
      asked.push([...genomes]);
      return genomes.map((genome) => {
        const bits = [...genome.layerConfigs.values()].map(({ weightBits }) => weightBits);
        const size = bits.reduce<number>((sum, b) => sum + b, 0);
        const loss = bits.reduce<number>((sum, b, i) => sum + 4 ** -b * (i + 1), 0);
        const individual = {
          genome,
          objectives: [loss, size, 1, 1],
          violation: 0,
          fitness: -loss - size / 100,
        };
        all.set(genome.key, individual);
        return individual;
      });
    },
    isKnown: (genome) => all.has(genome.key),
    get front() {
      const list = [...all.values()];
      return list
        .filter(
          (a) =>
            !list.some(
              (b) =>
                b.objectives.every((value, k) => value <= a.objectives[k]!) &&
                b.objectives.some((value, k) => value < a.objectives[k]!),
            ),
        )
        .map(({ genome }) => genome);
    },
  };
  return { one, asked };
}

const settings = (
  crossovers: readonly CrossoverOperator[],
  mutations: readonly MutationOperator[],
) => ({
  space,
  populationSize: 10,
  elitismRatio: 0.1,
  mutationRate: 0.2,
  crossoverRate: 0,
  seed: 1,
  operators: { crossovers, mutations },
});

/** Steps the weight bits of one layer. */
const step: MutationOperator = {
  name: "step",
  mutate(genes, { random }) {
    const gene = space.geneOfUnit(random.integer(NAMES.length), "weightBits");
    genes[gene] = (genes[gene]! + 1) % space.counts[gene]!;
  },
};
/** Widens nothing and changes what costs no bits: never a gain, nearly always new. */
const idle: MutationOperator = {
  name: "idle",
  mutate(genes, { random }) {
    const bits = space.geneOfUnit(random.integer(NAMES.length), "weightBits");
    const scheme = space.geneOfUnit(random.integer(NAMES.length), "activationScheme");
    genes[bits] = space.counts[bits]! - 1;
    genes[scheme] = random.integer(space.counts[scheme]!);
  },
};

describe("Evolution", () => {
  it("evaluates each genome once, and is the same for a seed", async () => {
    const run = async () => {
      const { one, asked } = evaluator();
      const evolution = new Evolution(settings([], [step]), one);
      await evolution.start();
      for (let i = 0; i < 5; i++) await evolution.evolve();
      return asked.flat().map(({ key }) => key);
    };
    const keys = await run();
    expect(new Set(keys).size).toBe(keys.length);
    expect(await run()).toEqual(keys);
  });

  it("credits operators whose children enter the front, not those whose children do not", async () => {
    const { one } = evaluator();
    const evolution = new Evolution(settings([], [step, idle]), one);
    await evolution.start();
    for (let i = 0; i < 20; i++) await evolution.evolve();
    const [, [stepping, idling]] = evolution.state.operatorCredit as [unknown, [number, number]];
    expect(stepping).toBeGreaterThan(idling);
  });

  it("takes parents from the archive: what left the population comes back", async () => {
    const { one } = evaluator();
    const only = space.decode(
      space.encodeUnits(({ space: own }, at) =>
        at === 0
          ? undefined
          : space.configOf(new Uint16Array(space.genes.length), at).with({
              weightBits: own.weightBits[0]!,
            }),
      ),
    );
    const parents = new Set<string>();
    const spy: MutationOperator = {
      name: "spy",
      mutate(genes) {
        parents.add(space.decode(genes).key);
      },
    };
    const archived: EvolutionEvaluator = { ...one, isKnown: one.isKnown, front: [only] };
    const evolution = new Evolution(settings([], [spy]), archived);
    await evolution.start();
    expect(evolution.state.population.some(({ genome }) => genome.key === only.key)).toBe(false);
    await evolution.evolve();
    expect(parents).toContain(only.key);
  });

  it("keeps the fittest for their fitness alone", async () => {
    const { one, asked } = evaluator();
    const evolution = new Evolution({ ...settings([], [step]), elitismRatio: 0.3 }, one);
    await evolution.start();
    for (let i = 0; i < 6; i++) await evolution.evolve();
    const fitnessOf = async (genome: QuantizationGenome) =>
      (await one.evaluate([genome]))[0]!.fitness;
    const genomes = asked.flat();
    const fittest = Math.max(...(await Promise.all(genomes.map(fitnessOf))));
    expect(Math.max(...evolution.state.population.map(({ fitness }) => fitness))).toBe(fittest);
  });

  it("refuses a gene that is no choice, naming the operator", async () => {
    const { one } = evaluator();
    const wild: MutationOperator = { name: "wild", mutate: (genes) => genes.fill(65_535) };
    const evolution = new Evolution(settings([], [wild]), one);
    await evolution.start();
    await expect(evolution.evolve()).rejects.toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path: "operators.wild" }),
    );
  });

  it("says which operator threw, whatever it threw", async () => {
    const { one } = evaluator();
    const error = new TypeError("no such thing");
    const thrown: [thrown: unknown, what: string][] = [
      [error, "TypeError: no such thing"],
      ["enough", '"enough"'],
    ];
    for (const [cause, what] of thrown) {
      const fail = () => {
        throw cause;
      };
      const faulty: [name: string, changed: Partial<EvolutionSettings>][] = [
        ["mutator", settings([], [{ name: "mutator", mutate: fail }])],
        ["crosser", { ...settings([{ name: "crosser", cross: fail }], [step]), crossoverRate: 1 }],
        ["sampler", { custom: [{ name: "sampler", sample: fail }] }],
      ];
      for (const [name, changed] of faulty) {
        const evolution = new Evolution({ ...settings([], [step]), ...changed }, one);
        await expect(
          evolution.start().then(() => evolution.evolve()),
          name,
        ).rejects.toThrow(
          expect.objectContaining({
            code: "INVALID_ARGUMENT",
            path: `operators.${name}`,
            message: `the operator ${name} threw ${what}; allowed: an operator that returns`,
            cause,
          }),
        );
      }
    }
  });

  it("refuses what a custom sampling gives that is no list of vectors of the space", async () => {
    const { one } = evaluator();
    const { length } = space.genes;
    const given = [undefined, [[0]], [new Uint16Array(length - 1)]];
    for (const genomes of [...given, [new Uint16Array(length).fill(65_535)]]) {
      const sampling = { name: "odd", sample: () => genomes as Uint16Array[] };
      const evolution = new Evolution({ ...settings([], [step]), custom: [sampling] }, one);
      await expect(evolution.start()).rejects.toThrow(
        expect.objectContaining({
          path: "operators.odd",
          message: expect.stringMatching(/; allowed: /),
        }),
      );
    }
  });
});

describe("withCustom", () => {
  it("refuses the name of a built-in operator, and says which operator has it", () => {
    const named = (name: string): MutationOperator => ({ name, mutate: () => {} });
    const crossover: CrossoverOperator = { name: "few-steps", cross: () => {} };
    const builtIn = builtInOperators();
    expect(() =>
      withCustom(builtIn, { mutations: [named("mine"), named("step-mutation")] }),
    ).toThrow(
      expect.objectContaining({
        path: "operators.mutations.1.name",
        message:
          'operators.mutations.1.name is "step-mutation", which a built-in operator has; ' +
          "allowed: a name that no other operator has",
      }),
    );
    expect(() => withCustom(builtIn, { crossovers: [crossover] })).toThrow(
      expect.objectContaining({ path: "operators.crossovers.0.name" }),
    );
  });
});
