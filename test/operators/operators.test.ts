import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LayerQuantConfig } from "../../src/genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import {
  budgetSwap,
  fewSteps,
  layerUnits,
  networkStages,
  precisionShift,
  randomSampling,
  repairToLimits,
  repairToRules,
  type SearchRules,
  sensitivityAllocation,
  shareSettings,
  stageCrossover,
  stepMutation,
  twoPointCrossover,
  uniformAnchors,
} from "../../src/operators/index.js";
import { Random } from "../../src/random/random.js";
import { boundRules } from "./arbitraries.js";
import { breaches } from "./breaches.js";

const seeds = fc.nat();

const bitsOf = (genome: QuantizationGenome) =>
  [...genome.layerConfigs.values()].map((c) => c.weightBits);

describe("sampling", () => {
  it("reaches every value of every setting at random", () => {
    const rules = rulesOf(["a"], [2, 4, 8]);
    const genomes = randomSampling.sample(rules, 400, new Random(1));
    const seen = (of: (config: LayerQuantConfig) => unknown) =>
      new Set(genomes.map((genome) => of(genome.layerConfigs.get("a")!))).size;
    expect(seen((c) => c.weightBits)).toBe(3);
    expect(seen((c) => c.activationBits)).toBe(2);
    expect(seen((c) => c.weightScheme)).toBe(3);
    expect(seen((c) => c.granularity)).toBe(3);
    expect(seen((c) => (c.granularity === "per-group" ? c.groupSize : 0))).toBe(3);
    expect(seen((c) => c.calibrationMethod)).toBe(4);
  });

  it("anchors every width, the extremes first, in the settings of a good start", () => {
    const rules = rulesOf(["a", "b"], [2, 4, 6, 8]);
    const anchors = uniformAnchors.sample(rules, 10, new Random(1));
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
    expect(uniformAnchors.sample(rules, 2, new Random(1)).map(bitsOf)).toEqual([
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
          const genomes = sensitivityAllocation(scores).sample(
            rulesOf(names, [2, 3, 4, 6, 8]),
            5,
            new Random(0),
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
    const [, middle] = sensitivityAllocation(scores).sample(
      rulesOf(names, [2, 4, 8]),
      3,
      new Random(0),
    );
    expect(bitsOf(middle!)).toEqual([2, 4, 8]);
  });
});

describe("crossover", () => {
  it("takes one run of neighbours at two points, of any length and place", () => {
    const rules = rulesOf(["a", "b", "c", "d", "e"], [2, 8]);
    const [eight, two] = uniformAnchors.sample(rules, 2, new Random(0)) as [
      QuantizationGenome,
      QuantizationGenome,
    ];
    const random = new Random(5);
    const patterns = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const bits = bitsOf(twoPointCrossover.cross(eight, two, rules, random)[0]);
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
    const rules = rulesOf(names, [2, 8]);
    expect(networkStages(rules)).toEqual([
      [1, 2, 3, 4, 5],
      [1, 2, 3],
      [1, 2],
      [4, 5],
    ]);
    expect(networkStages(rulesOf(["a", "b", "c"], [2, 8]))).toEqual([]);
    const [eight, two] = uniformAnchors.sample(rules, 2, new Random(0)) as [
      QuantizationGenome,
      QuantizationGenome,
    ];
    const random = new Random(5);
    const patterns = new Set<string>();
    for (let i = 0; i < 100; i++)
      patterns.add(bitsOf(stageCrossover.cross(eight, two, rules, random)[0]).join(""));
    expect([...patterns].sort()).toEqual(["822222", "822288", "822888", "888822"]);
  });

  it("hold tied layers as one unit, at the place of the first", () => {
    const rules = { ...rulesOf(["a", "b", "c", "d"], [2, 8]), ties: [["c", "b"]] };
    expect(layerUnits(rules)).toEqual([["a"], ["c", "b"], ["d"]]);
  });
});

describe("mutation", () => {
  it("steps few layers, whatever the rate", () => {
    const names = Array.from({ length: 50 }, (_, i) => `layer${i}`);
    const rules = rulesOf(names, [2, 4, 8]);
    const parent = uniformAnchors.sample(rules, 3, new Random(0))[2]!;
    const random = new Random(4);
    const counts = [0, 0, 0];
    for (let i = 0; i < 300; i++) {
      const child = fewSteps.mutate(parent, rules, 1, random);
      const changed = names.filter(
        (name) => !child.layerConfigs.get(name)!.equals(parent.layerConfigs.get(name)!),
      ).length;
      if (changed <= 3) counts[changed - 1]!++;
    }
    expect(counts[0]).toBeGreaterThan(180);
    expect(counts[1]).toBeGreaterThan(30);
    expect(counts[2]).toBeGreaterThan(3);
  });

  it("swaps bits between layers so that the size hardly changes", () => {
    const names = Array.from({ length: 20 }, (_, i) => `layer${i}`);
    const rules = {
      ...rulesOf(names, [2, 4, 6, 8]),
      parameterCounts: new Map(names.map((name, i) => [name, 100 * (1 + (i % 4))])),
    };
    const parent = uniformAnchors.sample(rules, 3, new Random(0))[2]!;
    const random = new Random(6);
    const sum = (genome: QuantizationGenome) => genome.averageBits * 5000;
    let moved = 0;
    for (let i = 0; i < 200; i++) {
      const child = budgetSwap.mutate(parent, rules, 0, random);
      const bits = bitsOf(child);
      if (bits.some((b) => b > 6) && bits.some((b) => b < 6)) moved++;
      // The widest single step is 800 bits; an unanswered one would shift the sum by as much.
      expect(Math.abs(sum(child) - sum(parent))).toBeLessThanOrEqual(400);
    }
    expect(moved).toBeGreaterThan(150);
    expect(budgetSwap.mutate(parent, { ...rules, uniformPrecision: true }, 0, random)).toBe(parent);
  });

  it("hands settings on, widths not", () => {
    const names = ["a", "b", "c", "d"];
    const rules = rulesOf(names, [2, 4, 8]);
    const random = new Random(7);
    for (let i = 0; i < 100; i++) {
      const parent = randomSampling.sample(rules, 1, random)[0]!;
      const child = shareSettings.mutate(parent, rules, 0, random);
      expect(bitsOf(child)).toEqual(bitsOf(parent));
      const known = [...parent.layerConfigs.values()].map((config) =>
        config.with({ weightBits: 8 }),
      );
      for (const config of child.layerConfigs.values())
        expect(known.some((other) => other.equals(config.with({ weightBits: 8 })))).toBe(true);
    }
  });

  it("changes no layer at rate 0 and about half of them at rate 0.5", () => {
    const names = Array.from({ length: 1000 }, (_, i) => `layer${i}`);
    const rules = rulesOf(names, [2, 4, 8]);
    const parent = uniformAnchors.sample(rules, 1, new Random(0))[0]!;
    const changed = (rate: number) => {
      const child = stepMutation.mutate(parent, rules, rate, new Random(3));
      return names.filter(
        (name) => !child.layerConfigs.get(name)!.equals(parent.layerConfigs.get(name)!),
      ).length;
    };
    expect(changed(0)).toBe(0);
    expect(changed(0.5)).toBeGreaterThan(430);
    expect(changed(0.5)).toBeLessThan(570);
    expect(changed(1)).toBe(1000);
  });

  it("moves the whole network under uniform precision", () => {
    const rules = { ...rulesOf(["a", "b", "c"], [2, 4, 8]), uniformPrecision: true };
    const parent = uniformAnchors.sample(rules, 1, new Random(0))[0]!;
    const random = new Random(1);
    const levels = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const bits = new Set(bitsOf(stepMutation.mutate(parent, rules, 0.3, random)));
      expect(bits.size).toBe(1);
      levels.add([...bits][0]!);
    }
    expect([...levels].sort()).toEqual([4, 8]);
  });

  it("shifts precision from layers with low scores to layers with high ones", () => {
    const names = ["low", "high"];
    const rules = rulesOf(names, [2, 4, 6, 8]);
    const parent = uniformAnchors.sample(rules, 4, new Random(0))[3]!;
    const operator = precisionShift(
      new Map([
        ["high", 1],
        ["low", 0],
      ]),
    );
    const random = new Random(2);
    let right = 0;
    for (let i = 0; i < 200; i++) {
      const [low, high] = bitsOf(operator.mutate(parent, rules, 0, random)) as [number, number];
      expect([low, high].toSorted((a, b) => a - b)).toEqual([2, 6]);
      if (high === 6) right++;
    }
    expect(right).toBeGreaterThan(180);
    expect(right).toBeLessThan(200);
    expect(operator.mutate(parent, { ...rules, uniformPrecision: true }, 0, random)).toBe(parent);
    const fixed = rulesOf(names, [4]);
    const only = uniformAnchors.sample(fixed, 1, random)[0]!;
    expect(operator.mutate(only, fixed, 0, random)).toBe(only);
  });
});

describe("repair", () => {
  it("ends within the rules whatever came in, and a second time changes nothing", () => {
    fc.assert(
      fc.property(boundRules, seeds, (rules, seed) => {
        const anything = rulesOf([...rules.layers.keys()], [1, 2, 3, 5, 8, 32]);
        const wild = randomSampling.sample(anything, 1, new Random(seed))[0]!;
        const repaired = repairToRules.repair(wild, rules);
        expect(breaches(repaired, rules)).toEqual([]);
        expect(repairToRules.repair(repaired, rules)).toBe(repaired);
        for (const tie of rules.ties)
          for (const name of tie)
            expect(repaired.layerConfigs.get(name)?.toDict()).toEqual(
              repaired.layerConfigs.get(tie[0]!)?.toDict(),
            );
        for (const [name, fields] of rules.pinned)
          expect(repaired.layerConfigs.get(name)).toMatchObject(fields);
        if (rules.uniformPrecision) {
          const free = [...repaired.layerConfigs].filter(([name]) => !rules.pinned.has(name));
          expect(new Set(free.map(([, config]) => config.weightBits)).size).toBeLessThanOrEqual(1);
          expect(new Set(free.map(([, config]) => config.activationBits)).size).toBeLessThanOrEqual(
            1,
          );
        }
      }),
    );
  });

  it("moves bits to the nearest width, and leaves what is allowed", () => {
    const rules = rulesOf(["a", "b"], [3, 8]);
    const wild = randomSampling.sample(rulesOf(["a", "b"], [4]), 1, new Random(1))[0]!;
    expect(bitsOf(repairToRules.repair(wild, rules))).toEqual([3, 3]);
    const good = randomSampling.sample(rules, 1, new Random(1))[0]!;
    expect(repairToRules.repair(good, rules)).toBe(good);
  });
});

describe("repair to limits", () => {
  const names = ["a", "b", "c"];
  const rules = {
    ...rulesOf(names, [2, 4, 6, 8]),
    parameterCounts: new Map(names.map((name) => [name, 100])),
  };
  const wide = uniformAnchors.sample(rules, 1, new Random(0))[0]!;
  const scores = new Map([
    ["a", 1],
    ["b", 0],
    ["c", 0.1],
  ]);

  it("lowers the least sensitive layers, no further than needed, and leaves what keeps the limit", () => {
    const limit = (most: number) =>
      repairToLimits(
        (genome) => Math.max(0, bitsOf(genome).reduce<number>((a, b) => a + b, 0) - most),
        scores,
      );
    expect(limit(24).repair(wide, rules)).toBe(wide);
    expect(bitsOf(limit(22).repair(wide, rules))).toEqual([8, 6, 8]);
    expect(bitsOf(limit(18).repair(wide, rules))).toEqual([8, 4, 6]);
    expect(bitsOf(limit(6).repair(wide, rules))).toEqual([2, 2, 2]);
    expect(limit(5).repair(wide, rules)).toBe(wide);
  });

  it(
    "goes on with activations where weights are not enough, and takes the network as a whole " +
      "under uniform precision",
    () => {
      const sixteen = wide.with({
        layerConfigs: new Map(
          [...wide.layerConfigs].map(([name, config]) => [
            name,
            config.with({ activationBits: 16 }),
          ]),
        ),
      });
      const activations = (genome: QuantizationGenome) =>
        [...genome.layerConfigs.values()].map((config) => config.activationBits);
      const repaired = repairToLimits(
        (genome) => activations(genome).filter((bits) => bits === 16).length / 3,
      ).repair(sixteen, rules);
      expect(activations(repaired)).toEqual([8, 8, 8]);
      const uniform = { ...rules, uniformPrecision: true };
      const level = repairToLimits((genome) => Math.max(0, genome.averageBits - 5)).repair(
        wide,
        uniform,
      );
      expect(bitsOf(level)).toEqual([4, 4, 4]);
    },
  );
});

function rulesOf(
  names: readonly string[],
  weightBits: readonly (1 | 2 | 3 | 4 | 5 | 6 | 8 | 32)[],
): SearchRules {
  const space = {
    weightBits,
    activationBits: [8, 16] as const,
    weightSchemes: ["symmetric", "asymmetric", "power-of-two"] as const,
    activationSchemes: ["symmetric", "asymmetric", "power-of-two"] as const,
    granularities: ["per-tensor", "per-channel", "per-group"] as const,
    groupSizes: [16, 32],
    calibrationMethods: ["min-max", "percentile", "mse", "entropy"] as const,
  };
  return {
    layers: new Map(names.map((name) => [name, space])),
    ties: [],
    pinned: new Map(),
    uniformPrecision: false,
    parameterCounts: new Map(),
  };
}
