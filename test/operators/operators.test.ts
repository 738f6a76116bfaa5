import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CalibrationMethod } from "../../src/calibration/method.js";
import type { WeightBits } from "../../src/genes/bits.js";
import { GeneSpace, type GeneSpaceOptions } from "../../src/genome/gene-space.js";
import type { LayerQuantConfig } from "../../src/genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import {
  budgetSwap,
  fewSteps,
  limitRepair,
  networkStages,
  precisionShift,
  randomSampling,
  sensitivityAllocation,
  shareSettings,
  stageCrossover,
  stepMutation,
  twoPointCrossover,
  uniformAnchors,
} from "../../src/operators/index.js";
import { Random } from "../../src/random/random.js";

const bitsOf = (genome: QuantizationGenome) =>
  [...genome.layerConfigs.values()].map((c) => c.weightBits);

const sample = (
  operator: typeof randomSampling,
  space: GeneSpace,
  count: number,
  random = new Random(0),
) => operator.sample({ space, count, random });

describe("sampling", () => {
  it("reaches every value of every setting at random", () => {
    const space = spaceOf(["a"], [2, 4, 8]);
    const genomes = sample(randomSampling, space, 400).map((genes) => space.decode(genes));
    const seen = (of: (config: LayerQuantConfig) => unknown) =>
      new Set(genomes.map((genome) => of(genome.layerConfigs.get("a")!))).size;
    expect(seen((c) => c.weightBits)).toBe(3);
    expect(seen((c) => c.activationBits)).toBe(2);
    expect(seen((c) => c.weightScheme)).toBe(3);
    expect(seen((c) => c.granularity)).toBe(3);
    expect(seen((c) => (c.granularity === "per-group" ? c.groupSize : 0))).toBe(3);
    expect(seen((c) => c.calibrationMethod)).toBe(Object.keys(CalibrationMethod).length);
  });

  it("anchors every width, the extremes first, in the settings of a good start", () => {
    const space = spaceOf(["a", "b"], [2, 4, 6, 8]);
    const anchors = sample(uniformAnchors, space, 10).map((genes) => space.decode(genes));
    expect(anchors.map(bitsOf)).toEqual([
      [8, 8],
      [2, 2],
      [6, 6],
      [4, 4],
    ]);
    expect(anchors[0]?.layerConfigs.get("a")?.toDict()).toMatchObject({
      activationBits: 8,
      weightScheme: "symmetric",
      activationScheme: "asymmetric",
      granularity: "per-channel",
      calibrationMethod: "mse",
    });
    expect(sample(uniformAnchors, space, 2).map((genes) => bitsOf(space.decode(genes)))).toEqual([
      [8, 8],
      [2, 2],
    ]);
  });

  it("gives no sensitive layer fewer bits than a less sensitive one, and wider genomes later", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }),
        (values) => {
          const names = values.map((_, i) => `layer${i}`);
          const scores = new Map(names.map((name, i) => [name, values[i]!]));
          const space = spaceOf(names, [2, 3, 4, 6, 8]);
          const genomes = sample(sensitivityAllocation(scores), space, 5).map((genes) =>
            space.decode(genes),
          );
          for (const genome of genomes)
            for (const a of names)
              for (const b of names)
                if (scores.get(a)! > scores.get(b)!)
                  expect(genome.layerConfigs.get(a)!.weightBits).toBeGreaterThanOrEqual(
                    genome.layerConfigs.get(b)!.weightBits,
                  );
          const averages = genomes.map((genome) => genome.averageBits);
          expect(averages).toEqual(averages.toSorted((a, b) => a - b));
        },
      ),
    );
  });

  it("uses the whole range in the middle", () => {
    const names = ["a", "b", "c"];
    const scores = new Map(names.map((name, i) => [name, i]));
    const space = spaceOf(names, [2, 4, 8]);
    const [, middle] = sample(sensitivityAllocation(scores), space, 3);
    expect(bitsOf(space.decode(middle!))).toEqual([2, 4, 8]);
  });
});

/** Genomes of two widths, all layers alike. */
function extremes(space: GeneSpace): readonly [wide: Uint16Array, narrow: Uint16Array] {
  const [wide, narrow] = sample(uniformAnchors, space, 2);
  return [wide!, narrow!];
}

describe("crossover", () => {
  it("takes one run of neighbours at two points, of any length and place", () => {
    const space = spaceOf(["a", "b", "c", "d", "e"], [2, 8]);
    const [eight, two] = extremes(space);
    const random = new Random(5);
    const patterns = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const child = eight.slice();
      twoPointCrossover.cross(child, two, { space, random });
      const bits = bitsOf(space.decode(child));
      const changes = bits.filter((value, at) => value !== bits[(at + 1) % bits.length]).length;
      expect(changes).toBe(2);
      patterns.add(bits.join());
    }
    expect(patterns.size).toBe(20);
  });
});

describe("stages", () => {
  it("are what names have in common, from the widest part to the narrowest", () => {
    const names = [
      "stem",
      "layer1.0.conv1",
      "layer1.0.conv2",
      "layer1.1.conv1",
      "layer2.0.conv1",
      "layer2.0.conv2",
    ];
    const space = spaceOf(names, [2, 8]);
    expect(networkStages(space)).toEqual([
      [1, 2, 3, 4, 5],
      [1, 2, 3],
      [1, 2],
      [4, 5],
    ]);
    expect(networkStages(spaceOf(["a", "b", "c"], [2, 8]))).toEqual([]);
    const [eight, two] = extremes(space);
    const random = new Random(5);
    const patterns = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const child = eight.slice();
      stageCrossover.cross(child, two, { space, random });
      patterns.add(bitsOf(space.decode(child)).join(""));
    }
    expect([...patterns].sort()).toEqual(["822222", "822288", "822888", "888822"]);
  });
});

describe("mutation", () => {
  const mutated = (
    operator: typeof stepMutation,
    parent: Uint16Array,
    space: GeneSpace,
    random: Random,
    rate = 0,
  ) => {
    const child = parent.slice();
    operator.mutate(child, { space, random, rate });
    return child;
  };
  const changedOwners = (space: GeneSpace, a: Uint16Array, b: Uint16Array) =>
    space.owners.filter(({ genes }) => genes.some((gene) => a[gene] !== b[gene])).length;

  it("steps few layers, whatever the rate", () => {
    const space = spaceOf(
      Array.from({ length: 50 }, (_, i) => `layer${i}`),
      [2, 4, 8],
    );
    const parent = sample(uniformAnchors, space, 3)[2]!;
    const random = new Random(4);
    const counts = [0, 0, 0];
    for (let i = 0; i < 300; i++) {
      const changed = changedOwners(space, parent, mutated(fewSteps, parent, space, random, 1));
      if (changed <= 3) counts[changed - 1]!++;
    }
    expect(counts[0]).toBeGreaterThan(180);
    expect(counts[1]).toBeGreaterThan(30);
    expect(counts[2]).toBeGreaterThan(3);
  });

  it("swaps bits between layers so that the size hardly changes", () => {
    const names = Array.from({ length: 20 }, (_, i) => `layer${i}`);
    const parameterCounts = new Map(names.map((name, i) => [name, 100 * (1 + (i % 4))]));
    const space = spaceOf(names, [2, 4, 6, 8], { parameterCounts });
    const parent = sample(uniformAnchors, space, 3)[2]!;
    const random = new Random(6);
    const sum = (genes: Uint16Array) => space.decode(genes).averageBits * 5000;
    let moved = 0;
    for (let i = 0; i < 200; i++) {
      const child = mutated(budgetSwap, parent, space, random);
      const bits = bitsOf(space.decode(child));
      if (bits.some((b) => b > 6) && bits.some((b) => b < 6)) moved++;
      // The widest single step is 800 bits; an unanswered one would shift the sum by as much.
      expect(Math.abs(sum(child) - sum(parent))).toBeLessThanOrEqual(400);
    }
    expect(moved).toBeGreaterThan(150);
    const uniform = spaceOf(names, [2, 4, 6, 8], { uniformPrecision: true });
    const level = sample(uniformAnchors, uniform, 1)[0]!;
    expect(mutated(budgetSwap, level, uniform, random)).toEqual(level);
  });

  it("hands settings on, widths not", () => {
    const space = spaceOf(["a", "b", "c", "d"], [2, 4, 8]);
    const random = new Random(7);
    let handed = 0;
    for (let i = 0; i < 100; i++) {
      const parent = sample(randomSampling, space, 1, random)[0]!;
      const child = mutated(shareSettings, parent, space, random);
      const [before, now] = [space.decode(parent), space.decode(child)];
      expect(bitsOf(now)).toEqual(bitsOf(before));
      if (now.key !== before.key) handed++;
      const known = [...before.layerConfigs.values()].map((config) =>
        config.with({ weightBits: 8 }),
      );
      for (const config of now.layerConfigs.values())
        expect(known.some((other) => other.equals(config.with({ weightBits: 8 })))).toBe(true);
    }
    expect(handed).toBeGreaterThan(80);
  });

  it("changes no layer at rate 0 and about half of them at rate 0.5", () => {
    const space = spaceOf(
      Array.from({ length: 1000 }, (_, i) => `layer${i}`),
      [2, 4, 8],
    );
    const parent = sample(uniformAnchors, space, 1)[0]!;
    const changed = (rate: number) =>
      changedOwners(space, parent, mutated(stepMutation, parent, space, new Random(3), rate));
    expect(changed(0)).toBe(0);
    expect(changed(0.5)).toBeGreaterThan(430);
    expect(changed(0.5)).toBeLessThan(570);
    expect(changed(1)).toBe(1000);
  });

  it("moves the whole network under uniform precision", () => {
    const space = spaceOf(["a", "b", "c"], [2, 4, 8], { uniformPrecision: true });
    const parent = sample(uniformAnchors, space, 1)[0]!;
    const random = new Random(1);
    const levels = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const child = mutated(stepMutation, parent, space, random, 0.3);
      const bits = new Set(bitsOf(space.decode(child)));
      expect(bits.size).toBe(1);
      levels.add([...bits][0]!);
    }
    expect([...levels].sort()).toEqual([4, 8]);
  });

  it("shifts precision from layers with low scores to layers with high ones", () => {
    const names = ["low", "high"];
    const space = spaceOf(names, [2, 4, 6, 8]);
    const parent = sample(uniformAnchors, space, 4)[3]!;
    const operator = precisionShift(
      new Map([
        ["high", 1],
        ["low", 0],
      ]),
    );
    const random = new Random(2);
    let right = 0;
    for (let i = 0; i < 200; i++) {
      const child = space.decode(mutated(operator, parent, space, random));
      const [low, high] = bitsOf(child) as [number, number];
      expect([low, high].toSorted((a, b) => a - b)).toEqual([2, 6]);
      if (high === 6) right++;
    }
    expect(right).toBeGreaterThan(180);
    expect(right).toBeLessThan(200);
    const fixed = spaceOf(names, [4]);
    const only = sample(uniformAnchors, fixed, 1)[0]!;
    expect(mutated(operator, only, fixed, random)).toEqual(only);
  });
});

describe("limitRepair", () => {
  const names = ["a", "b", "c"];
  const parameterCounts = new Map(names.map((name) => [name, 100]));
  const space = spaceOf(names, [2, 4, 6, 8], { parameterCounts });
  const wide = sample(uniformAnchors, space, 1)[0]!;
  const scores = new Map([
    ["a", 1],
    ["b", 0],
    ["c", 0.1],
  ]);
  const repaired = (repair: ReturnType<typeof limitRepair>, genes: Uint16Array, own = space) => {
    const copy = genes.slice();
    repair(copy, own);
    return copy;
  };

  it("lowers the least sensitive layers, no further than needed, and leaves what keeps the limit", () => {
    const limit = (most: number) =>
      limitRepair(
        (genome) => Math.max(0, bitsOf(genome).reduce<number>((a, b) => a + b, 0) - most),
        scores,
      );
    const bits = (most: number) => bitsOf(space.decode(repaired(limit(most), wide)));
    expect(repaired(limit(24), wide)).toEqual(wide);
    expect(bits(22)).toEqual([8, 6, 8]);
    expect(bits(18)).toEqual([8, 4, 6]);
    expect(bits(6)).toEqual([2, 2, 2]);
    expect(repaired(limit(5), wide)).toEqual(wide);
    const once = repaired(limit(18), wide);
    expect(repaired(limit(18), once)).toEqual(once);
  });

  it(
    "goes on with activations where weights are not enough, and takes the network as a whole " +
      "under uniform precision",
    () => {
      const sixteen = space.encode(
        space.decode(wide).with({
          layerConfigs: new Map(
            [...space.decode(wide).layerConfigs].map(([name, config]) => [
              name,
              config.with({ activationBits: 16 }),
            ]),
          ),
        }),
      );
      const activations = (genome: QuantizationGenome) =>
        [...genome.layerConfigs.values()].map((config) => config.activationBits);
      const lowered = repaired(
        limitRepair((genome) => activations(genome).filter((bits) => bits === 16).length / 3),
        sixteen,
      );
      expect(activations(space.decode(lowered))).toEqual([8, 8, 8]);
      const uniform = spaceOf(names, [2, 4, 6, 8], { parameterCounts, uniformPrecision: true });
      const level = repaired(
        limitRepair((genome) => Math.max(0, genome.averageBits - 5)),
        sample(uniformAnchors, uniform, 1)[0]!,
        uniform,
      );
      expect(bitsOf(uniform.decode(level))).toEqual([4, 4, 4]);
    },
  );
});

function spaceOf(
  names: readonly string[],
  weightBits: readonly WeightBits[],
  options: Partial<GeneSpaceOptions> = {},
): GeneSpace {
  const layer = {
    weightBits,
    activationBits: [8, 16] as const,
    weightSchemes: ["symmetric", "asymmetric", "power-of-two"] as const,
    activationSchemes: ["symmetric", "asymmetric", "power-of-two"] as const,
    granularities: ["per-tensor", "per-channel", "per-group"] as const,
    groupSizes: [16, 32],
    calibrationMethods: Object.values(CalibrationMethod),
  };
  return new GeneSpace({
    space: { layers: new Map(names.map((name) => [name, layer])), ties: [] },
    ...options,
  });
}
