import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LayerQuantConfig } from "../../src/genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import {
  precisionShift,
  randomSampling,
  repairToRules,
  type SearchRules,
  sensitivityAllocation,
  stepMutation,
  twoPointCrossover,
  uniformAnchors,
  uniformCrossover,
} from "../../src/operators/index.js";
import { Random } from "../../src/random/random.js";
import { boundRules, freeRules } from "./arbitraries.js";

const seeds = fc.nat();

/** What a genome breaks in its space, said slowly. */
function breaches(genome: QuantizationGenome, rules: SearchRules): string[] {
  const found: string[] = [];
  for (const [name, config] of genome.layerConfigs) {
    const space = rules.layers.get(name);
    if (space === undefined) {
      found.push(`${name} is unknown`);
      continue;
    }
    const check = (ok: boolean, what: string) => ok || found.push(`${name}.${what}`);
    check(space.weightBits.includes(config.weightBits), "weightBits");
    check(space.activationBits.includes(config.activationBits), "activationBits");
    check(space.weightSchemes.includes(config.weightScheme), "weightScheme");
    check(space.activationSchemes.includes(config.activationScheme), "activationScheme");
    check(space.granularities.includes(config.granularity), "granularity");
    check(config.granularity !== "per-group" || space.groupSizes.includes(config.groupSize), "groupSize");
    const method = genome.calibrationMethodOf(name);
    check(space.calibrationMethods.includes(method), "calibrationMethod");
  }
  if ([...genome.layerConfigs.keys()].join() !== [...rules.layers.keys()].join()) found.push("other layers");
  return found;
}

const bitsOf = (genome: QuantizationGenome) => [...genome.layerConfigs.values()].map((c) => c.weightBits);

describe("sampling", () => {
  it("stays within the space, and draws the same for a seed", () => {
    fc.assert(
      fc.property(freeRules, seeds, (rules, seed) => {
        const scores = new Map([...rules.layers.keys()].map((name, i) => [name, i]));
        for (const operator of [randomSampling, uniformAnchors, sensitivityAllocation(scores)]) {
          const genomes = operator.sample(rules, 4, new Random(seed));
          expect(genomes.length).toBeLessThanOrEqual(4);
          for (const genome of genomes) {
            expect(breaches(genome, rules)).toEqual([]);
            expect(genome.parameterCounts).toBe(rules.parameterCounts);
          }
          const again = operator.sample(rules, 4, new Random(seed));
          expect(again.map((genome) => genome.key)).toEqual(genomes.map((genome) => genome.key));
        }
      }),
    );
  });

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
    const [, middle] = sensitivityAllocation(scores).sample(rulesOf(names, [2, 4, 8]), 3, new Random(0));
    expect(bitsOf(middle!)).toEqual([2, 4, 8]);
  });
});

describe("crossover", () => {
  it("hands every layer of both parents on, once", () => {
    fc.assert(
      fc.property(freeRules, seeds, (rules, seed) => {
        const random = new Random(seed);
        const [a, b] = randomSampling.sample(rules, 2, random) as [QuantizationGenome, QuantizationGenome];
        for (const operator of [uniformCrossover, twoPointCrossover]) {
          const [c, d] = operator.cross(a, b, random);
          for (const name of rules.layers.keys()) {
            const [pa, pb, ca, cb] = [a, b, c, d].map((genome) => genome.layerConfigs.get(name));
            expect((ca === pa && cb === pb) || (ca === pb && cb === pa)).toBe(true);
          }
          expect([...c.layerConfigs.keys()]).toEqual([...a.layerConfigs.keys()]);
          expect(c.metrics).toBeUndefined();
        }
      }),
    );
  });

  it("takes one run of neighbours at two points, of any length and place", () => {
    const rules = rulesOf(["a", "b", "c", "d", "e"], [2, 8]);
    const [eight, two] = uniformAnchors.sample(rules, 2, new Random(0)) as [
      QuantizationGenome,
      QuantizationGenome,
    ];
    const random = new Random(5);
    const patterns = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const bits = bitsOf(twoPointCrossover.cross(eight, two, random)[0]);
      const changes = bits.filter((value, at) => value !== bits[(at + 1) % bits.length]).length;
      expect(changes).toBe(2);
      patterns.add(bits.join());
    }
    expect(patterns.size).toBe(20);
  });
});

describe("mutation", () => {
  it("stays within the space and leaves the parent as it is", () => {
    fc.assert(
      fc.property(freeRules, seeds, fc.double({ min: 0, max: 1, noNaN: true }), (rules, seed, rate) => {
        const random = new Random(seed);
        const parent = randomSampling.sample(rules, 1, random)[0]!;
        const before = parent.key;
        const scores = new Map([...rules.layers.keys()].map((name) => [name, 0.5]));
        for (const operator of [stepMutation, precisionShift(scores)])
          expect(breaches(operator.mutate(parent, rules, rate, random), rules)).toEqual([]);
        expect(parent.key).toBe(before);
      }),
    );
  });

  it("changes no layer at rate 0 and about half of them at rate 0.5", () => {
    const names = Array.from({ length: 1000 }, (_, i) => `layer${i}`);
    const rules = rulesOf(names, [2, 4, 8]);
    const parent = uniformAnchors.sample(rules, 1, new Random(0))[0]!;
    const changed = (rate: number) => {
      const child = stepMutation.mutate(parent, rules, rate, new Random(3));
      return names.filter((name) => !child.layerConfigs.get(name)!.equals(parent.layerConfigs.get(name)!))
        .length;
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
          expect(new Set(free.map(([, config]) => config.activationBits)).size).toBeLessThanOrEqual(1);
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
