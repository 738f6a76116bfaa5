import { defaultLayerSpace } from "../genes/search-space.js";
import { GeneSpace } from "../genome/gene-space.js";
import type {
  CrossoverOperator,
  MutationOperator,
  SamplingOperator,
} from "../operators/contract.js";
import { Random } from "../random/random.js";
import { assert, assertSame } from "./assertions.js";
import type { ContractCheck } from "./contract-check.js";

/** Spaces that a contract is tried on: free, tied, pinned, uniform, and of one choice. */
function contractSpaces(): readonly GeneSpace[] {
  const names = ["stem", "layer1.conv1", "layer1.conv2", "layer2.conv1", "layer2.conv2", "head"];
  const layers = (width: readonly (2 | 4 | 8)[]) =>
    new Map(names.map((name) => [name, { ...defaultLayerSpace, weightBits: width }]));
  const parameterCounts = new Map(names.map((name, i) => [name, 100 * (i + 1)]));
  const spaceOf = (options: Partial<ConstructorParameters<typeof GeneSpace>[0]> = {}) =>
    new GeneSpace({ space: { layers: layers([2, 4, 8]), ties: [] }, parameterCounts, ...options });
  const point = {
    weightBits: [4],
    activationBits: [8],
    weightSchemes: ["symmetric"],
    activationSchemes: ["asymmetric"],
    granularities: ["per-channel"],
    groupSizes: [32],
    calibrationMethods: ["mse"],
  } as const;
  return [
    spaceOf(),
    spaceOf({ space: { layers: layers([2, 4, 8]), ties: [["layer1.conv2", "layer2.conv2"]] } }),
    spaceOf({ pinned: new Map([["head", { weightBits: 8, useSymmetric: false }]]) }),
    spaceOf({ uniformPrecision: true }),
    spaceOf({ space: { layers: new Map([["only", defaultLayerSpace]]), ties: [] } }),
    spaceOf({ space: { layers: new Map([["fixed", point]]), ties: [] } }),
  ];
}

const RUNS = 40;

function assertWithinSpace(genes: Uint16Array, space: GeneSpace, what: string): void {
  assert(genes.length === space.genes.length, `${what} has ${genes.length} genes`);
  for (const [at, choice] of genes.entries())
    assert(
      choice < space.counts[at]!,
      `${what} has choice ${choice} of ${space.genes[at]!.name}; expected: below ` +
        `${space.counts[at]}`,
    );
}

/**
 * What every {@link MutationOperator} keeps, built-in or your own.
 * @param create a fresh operator each time
 * @returns the checks, for a test runner of your choice
 * @example
 * ```ts
 * import { it } from "vitest";
 * import { mutationOperatorContract } from "quantevo/testing";
 *
 * for (const check of mutationOperatorContract(() => widen)) it(check.name, check.run);
 * ```
 */
export function mutationOperatorContract(create: () => MutationOperator): ContractCheck[] {
  const mutated = (parent: Uint16Array, space: GeneSpace, seed: number, rate: number) => {
    const genes = parent.slice();
    create().mutate(genes, { space, rate, random: new Random(seed) });
    return genes;
  };
  const each = (visit: (space: GeneSpace, seed: number, rate: number) => void) => {
    for (const space of contractSpaces())
      for (let seed = 0; seed < RUNS; seed++) visit(space, seed, seed / (RUNS - 1));
  };
  return [
    {
      name: "has a name",
      run: () => assert(create().name !== "", "name is empty; expected: a short text"),
    },
    {
      name: "leaves every gene at one of its choices",
      run: () =>
        each((space, seed, rate) => {
          const parent = space.draw(new Random(seed));
          assertWithinSpace(mutated(parent, space, seed, rate), space, "the child");
        }),
    },
    {
      name: "does the same for the same seed",
      run: () =>
        each((space, seed, rate) => {
          const parent = space.draw(new Random(seed));
          assertSame(
            mutated(parent, space, seed, rate),
            mutated(parent, space, seed, rate),
            "the second child",
          );
        }),
    },
    {
      name: "changes something sooner or later",
      run() {
        const space = contractSpaces()[0]!;
        let changed = 0;
        for (let seed = 0; seed < 100; seed++) {
          const parent = space.draw(new Random(seed));
          if (mutated(parent, space, seed, 0.5).join() !== parent.join()) changed++;
        }
        assert(changed > 20, `${changed} of 100 children differ; expected: more than 20`);
      },
    },
  ];
}

/**
 * What every {@link CrossoverOperator} keeps, built-in or your own.
 * @param create a fresh operator each time
 * @returns the checks, for a test runner of your choice
 */
export function crossoverOperatorContract(create: () => CrossoverOperator): ContractCheck[] {
  const crossed = (a: Uint16Array, b: Uint16Array, space: GeneSpace, seed: number) => {
    const child = a.slice();
    create().cross(child, b, { space, random: new Random(seed) });
    return child;
  };
  const each = (
    visit: (space: GeneSpace, a: Uint16Array, b: Uint16Array, seed: number) => void,
  ) => {
    for (const space of contractSpaces())
      for (let seed = 0; seed < RUNS; seed++) {
        const random = new Random(seed);
        visit(space, space.draw(random), space.draw(random), seed);
      }
  };
  return [
    {
      name: "has a name",
      run: () => assert(create().name !== "", "name is empty; expected: a short text"),
    },
    {
      name: "takes every gene from one of the parents, and leaves the second as it is",
      run: () =>
        each((space, a, b, seed) => {
          const mate = b.slice();
          const child = crossed(a, mate, space, seed);
          assertSame(mate, b, "the second parent");
          assertWithinSpace(child, space, "the child");
          for (const [at, choice] of child.entries())
            assert(
              choice === a[at] || choice === b[at],
              `${space.genes[at]!.name} is choice ${choice}; expected: ${a[at]} or ${b[at]}`,
            );
        }),
    },
    {
      name: "keeps the genes of an owner together",
      run: () =>
        each((space, a, b, seed) => {
          const child = crossed(a, b, space, seed);
          for (const { name, genes } of space.owners) {
            const from = (parent: Uint16Array) => genes.every((at) => child[at] === parent[at]);
            assert(from(a) || from(b), `the genes of ${name || "the model"} are of both parents`);
          }
        }),
    },
    {
      name: "does the same for the same seed, and changes nothing of equal parents",
      run: () =>
        each((space, a, b, seed) => {
          assertSame(crossed(a, b, space, seed), crossed(a, b, space, seed), "the second child");
          assertSame(crossed(a, a, space, seed), a, "the child of equal parents");
        }),
    },
    {
      name: "takes something of the second parent sooner or later",
      run() {
        const space = contractSpaces()[0]!;
        let changed = 0;
        for (let seed = 0; seed < 100; seed++) {
          const random = new Random(seed);
          const [a, b] = [space.draw(random), space.draw(random)];
          if (crossed(a, b, space, seed).join() !== a.join()) changed++;
        }
        assert(changed > 20, `${changed} of 100 children differ; expected: more than 20`);
      },
    },
  ];
}

/**
 * What every {@link SamplingOperator} keeps, built-in or your own.
 * @param create a fresh operator each time, for a space
 * @returns the checks, for a test runner of your choice
 */
export function samplingOperatorContract(
  create: (space: GeneSpace) => SamplingOperator,
): ContractCheck[] {
  const sampled = (space: GeneSpace, count: number, seed: number) =>
    create(space).sample({ space, count, random: new Random(seed) });
  return [
    {
      name: "has a name",
      run: () =>
        assert(create(contractSpaces()[0]!).name !== "", "name is empty; expected: a short text"),
    },
    {
      name: "makes at most as many genomes as are asked for, each within the space",
      run() {
        for (const space of contractSpaces())
          for (const count of [1, 2, 7]) {
            const genomes = sampled(space, count, count);
            assert(
              genomes.length <= count,
              `it made ${genomes.length} genomes; expected: at most ${count}`,
            );
            for (const genes of genomes) assertWithinSpace(genes, space, "a genome");
          }
      },
    },
    {
      name: "does the same for the same seed",
      run() {
        for (const space of contractSpaces())
          assertSame(sampled(space, 5, 3), sampled(space, 5, 3), "the second sample");
      },
    },
    {
      name: "makes some",
      run: () => {
        const [space] = contractSpaces();
        assert(sampled(space!, 5, 1).length > 0, "it made no genome; expected: one or more");
      },
    },
  ];
}
