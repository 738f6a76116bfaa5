import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { defaultLayerSpace } from "../../src/genes/search-space.js";
import {
  type CrossoverOperator,
  type MutationOperator,
  type RepairOperator,
  randomSampling,
  repairToRules,
  type SamplingOperator,
  type SearchRules,
} from "../../src/operators/index.js";
import { Random } from "../../src/random/random.js";
import { boundRules, freeRules } from "../operators/arbitraries.js";
import { breaches } from "../operators/breaches.js";

const rulesets = fc.oneof(freeRules, boundRules);
const seeds = fc.nat();

/** A genome within the rules. */
const within = (rules: SearchRules, random: Random): QuantizationGenome =>
  repairToRules.repair(randomSampling.sample(rules, 1, random)[0]!, rules);

const keys = (genomes: readonly QuantizationGenome[]) => genomes.map((genome) => genome.key);

/**
 * What every crossover keeps: rules, determinism, its parents; each layer comes from one of them.
 */
export function describeCrossoverOperator(operator: CrossoverOperator): void {
  describe(`${operator.name} is a CrossoverOperator`, () => {
    it("makes two children within the rules of two parents within them, the same for a seed", () => {
      fc.assert(
        fc.property(rulesets, seeds, (rules, seed) => {
          const random = new Random(seed);
          const [a, b] = [within(rules, random), within(rules, random)];
          const before = keys([a, b]);
          const state = random.state();
          const children = operator.cross(a, b, rules, random);
          for (const child of children) {
            expect(breaches(child, rules)).toEqual([]);
            expect(repairToRules.repair(child, rules)).toBe(child);
            expect(child.metrics).toBeUndefined();
            expect(child.parameterCounts).toBe(rules.parameterCounts);
          }
          expect(keys([a, b])).toEqual(before);
          const again = operator.cross(a, b, rules, Random.restore(seed, state));
          expect(keys(again)).toEqual(keys(children));
        }),
      );
    });

    it("hands every layer of both parents on, once, and changes nothing of equal parents", () => {
      fc.assert(
        fc.property(freeRules, seeds, (rules, seed) => {
          const random = new Random(seed);
          const [a, b] = [within(rules, random), within(rules, random)];
          const [c, d] = operator.cross(a, b, rules, random);
          for (const name of rules.layers.keys()) {
            const [pa, pb, ca, cb] = [a, b, c, d].map((genome) => genome.layerConfigs.get(name));
            expect((ca === pa && cb === pb) || (ca === pb && cb === pa)).toBe(true);
          }
          for (const child of operator.cross(a, a, rules, random)) expect(child.key).toBe(a.key);
        }),
      );
    });
  });
}

/** What every mutation keeps: rules, determinism, its parent. */
export function describeMutationOperator(operator: MutationOperator): void {
  describe(`${operator.name} is a MutationOperator`, () => {
    it("makes a genome within the rules of one within them, the same for a seed", () => {
      fc.assert(
        fc.property(
          rulesets,
          seeds,
          fc.double({ min: 0, max: 1, noNaN: true }),
          (rules, seed, rate) => {
            const random = new Random(seed);
            const parent = within(rules, random);
            const before = parent.key;
            const state = random.state();
            const child = operator.mutate(parent, rules, rate, random);
            expect(breaches(child, rules)).toEqual([]);
            expect(repairToRules.repair(child, rules)).toBe(child);
            expect(parent.key).toBe(before);
            const again = operator.mutate(parent, rules, rate, Random.restore(seed, state));
            expect(again.key).toBe(child.key);
          },
        ),
      );
    });

    it("changes something sooner or later", () => {
      const names = ["a", "b", "c"];
      const rules: SearchRules = {
        layers: new Map(names.map((name) => [name, defaultLayerSpace])),
        ties: [],
        pinned: new Map(),
        uniformPrecision: false,
        parameterCounts: new Map(names.map((name) => [name, 1000])),
      };
      const random = new Random(1);
      const changed = Array.from({ length: 60 }, () => {
        const parent = within(rules, random);
        return operator.mutate(parent, rules, 0.5, random).key !== parent.key;
      });
      expect(changed.filter(Boolean).length).toBeGreaterThan(30);
    });
  });
}

/** What every sampling keeps: the space, determinism, the number asked for. */
export function describeSamplingOperator(
  name: string,
  create: (rules: SearchRules) => SamplingOperator,
): void {
  describe(`${name} is a SamplingOperator`, () => {
    it(
      "makes at most as many genomes as are asked for, each within the space, the same for a " +
        "seed",
      () => {
        fc.assert(
          fc.property(freeRules, seeds, fc.integer({ min: 1, max: 6 }), (rules, seed, count) => {
            const operator = create(rules);
            expect(operator.name).toBe(name);
            const genomes = operator.sample(rules, count, new Random(seed));
            expect(genomes.length).toBeLessThanOrEqual(count);
            for (const genome of genomes) {
              expect(breaches(genome, rules)).toEqual([]);
              expect(genome.parameterCounts).toBe(rules.parameterCounts);
            }
            expect(keys(create(rules).sample(rules, count, new Random(seed)))).toEqual(
              keys(genomes),
            );
          }),
        );
      },
    );
  });
}

/**
 * What every repair keeps: it ends, a second time changes nothing, and what is within the rules
 * stays there.
 */
export function describeRepairOperator(operator: RepairOperator): void {
  describe(`${operator.name} is a RepairOperator`, () => {
    it("keeps to the rules, says the same again, and changes nothing the second time", () => {
      fc.assert(
        fc.property(rulesets, seeds, (rules, seed) => {
          const genome = within(rules, new Random(seed));
          const repaired = operator.repair(genome, rules);
          expect(breaches(repaired, rules)).toEqual([]);
          expect(repairToRules.repair(repaired, rules)).toBe(repaired);
          expect(operator.repair(genome, rules).key).toBe(repaired.key);
          expect(operator.repair(repaired, rules)).toBe(repaired);
        }),
      );
    });
  });
}
