import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/random/random.js";
import { AdaptiveRates } from "../../src/search/adaptive-rates.js";
import {
  blockMix,
  guidedSwap,
  redraw,
  steps,
  swap,
  uniformMix,
} from "../../src/search/blind-operators.js";
import type { ChoiceProblem } from "../../src/search/choice-problem.js";
import { evolveChoices } from "../../src/search/evolve-choices.js";

/** Noise falls by four per level, cost rises: sums over genes. */
function additive(
  genes: number,
  levels: number,
  seed: number,
): ChoiceProblem & { estimates: Float64Array[] } {
  const random = new Random(seed);
  const estimates = Array.from({ length: genes }, () => {
    const [harm, weight] = [random.next() + 0.1, random.next() + 0.1];
    return Float64Array.from(
      Array.from({ length: levels }, (_, c) => [harm * 4 ** -c, weight * (c + 1)]).flat(),
    );
  });
  return {
    counts: new Uint16Array(genes).fill(levels),
    objectives: 2,
    estimates,
    evaluate(row, out, at) {
      out[at] = 0;
      out[at + 1] = 0;
      for (const [g, c] of row.entries())
        for (let k = 0; k < 2; k++) out[at + k]! += estimates[g]![c * 2 + k]!;
    },
  };
}

describe("operators on choices", () => {
  const problem = additive(7, 4, 1);
  const counts = Uint16Array.from([4, 4, 1, 4, 2, 4, 4]);
  const narrow = {
    ...problem,
    counts,
    estimates: problem.estimates.map((row, g) => row.subarray(0, counts[g]! * 2)),
  };
  const all = [uniformMix, blockMix, steps, swap, redraw].map((make) => make(counts));
  all.push(guidedSwap(narrow));

  for (const operator of all)
    it(`${operator.name} stays within the choices and changes something`, () => {
      let changed = 0;
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const random = new Random(seed);
          const draw = () => Uint16Array.from(counts, (count) => random.integer(count));
          const [parent, mate] = [draw(), draw()];
          const child = parent.slice();
          operator.vary(child, mate, random);
          for (const [g, c] of child.entries()) expect(c).toBeLessThan(counts[g]!);
          if (child.join() !== parent.join()) changed++;
        }),
        { numRuns: 100 },
      );
      expect(changed).toBeGreaterThan(60);
    });

  it("swap moves one gene up and one down", () => {
    const random = new Random(5);
    const operator = swap(new Uint16Array(9).fill(5));
    for (let i = 0; i < 50; i++) {
      const child = new Uint16Array(9).fill(2);
      operator.vary(child, child, random);
      const moved = [...child].filter((c) => c !== 2).sort();
      expect([[1, 3], [3]]).toContainEqual(moved);
    }
  });

  it("guided swap is seldom worse on both objectives than chance, and works in a network of one", () => {
    const random = new Random(6);
    const big = additive(40, 6, 2);
    const value = (row: Uint16Array) => {
      const out = new Float64Array(2);
      big.evaluate(row, out, 0);
      return out;
    };
    const worse = (vary: (child: Uint16Array) => void) => {
      let count = 0;
      for (let i = 0; i < 400; i++) {
        const parent = Uint16Array.from(big.counts, () => 2 + random.integer(2));
        const child = parent.slice();
        vary(child);
        const [a, b] = [value(parent), value(child)];
        if (b[0]! >= a[0]! && b[1]! >= a[1]!) count++;
      }
      return count;
    };
    const guided = guidedSwap(big);
    const blind = swap(big.counts);
    expect(worse((child) => guided.vary(child, child, random))).toBeLessThan(
      worse((child) => blind.vary(child, child, random)) * 0.75,
    );
    const one = guidedSwap(additive(1, 3, 1));
    const child = Uint16Array.of(1);
    one.vary(child, child, random);
    expect(child[0]).not.toBe(1);
  });
});

describe("AdaptiveRates", () => {
  it("follows what pays and forgets nobody", () => {
    const rates = new AdaptiveRates(4);
    const random = new Random(1);
    expect([...rates.probabilities]).toEqual([0.25, 0.25, 0.25, 0.25]);
    const drawn = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) {
      const at = rates.draw(random);
      if (i >= 2000) drawn[at]!++;
      rates.reward(at, at === 2 ? 1 : 0);
    }
    const { probabilities } = rates;
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    expect(probabilities[2]).toBeGreaterThan(0.75);
    for (const at of [0, 1, 3]) {
      expect(probabilities[at]).toBeGreaterThan(0.06);
      expect(drawn[at]! / 2000).toBeCloseTo(probabilities[at]!, 1);
    }
  });
});

describe("evolveChoices", () => {
  it("finds the whole front of a small space, looking at nothing twice", () => {
    const problem = additive(6, 4, 3);
    const all: [number, number][] = [];
    for (let code = 0; code < 4 ** 6; code++) {
      const out = new Float64Array(2);
      problem.evaluate(
        Uint16Array.from({ length: 6 }, (_, g) => Math.floor(code / 4 ** g) % 4),
        out,
        0,
      );
      all.push([out[0]!, out[1]!]);
    }
    all.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    let least = Infinity;
    const front = all.filter(([, y]) => {
      const better = y < least;
      least = Math.min(least, y);
      return better;
    });
    for (const guided of [false, true]) {
      const texts = new Set<string>();
      let last = 0;
      const result = evolveChoices(guided ? problem : { ...problem, estimates: undefined }, {
        seed: 1,
        maxEvaluations: 1500,
        populationSize: 40,
        onEvaluation(genes, evaluation) {
          texts.add(genes.join());
          last = evaluation;
        },
      });
      expect(result.evaluations).toBe(1500);
      expect(last).toBe(1500);
      expect(texts.size).toBe(1500);
      const found = new Set(result.archive.points().filter((_, i) => i % 2 === 0));
      expect(front.filter(([x]) => found.has(x)).length).toBeGreaterThanOrEqual(front.length - 1);
      expect([...result.rates.values()].reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      expect(result.rates.has("guided-swap")).toBe(guided);
    }
  });

  it("is the same for the same seed", () => {
    const run = (seed: number) =>
      evolveChoices(additive(20, 5, 1), { seed, maxEvaluations: 700, populationSize: 30 });
    expect(run(3).genomes).toEqual(run(3).genomes);
    expect(run(3).genomes).not.toEqual(run(4).genomes);
  });

  it("begins with the seeds, also when they are more than the population", () => {
    const problem = additive(10, 4, 2);
    const seeds = Array.from({ length: 25 }, (_, i) =>
      Uint16Array.from({ length: 10 }, (_, g) => (i >> (g % 5)) & 1),
    );
    const { genomes } = evolveChoices(problem, {
      seed: 1,
      maxEvaluations: 60,
      populationSize: 10,
      seeds,
    });
    for (const [i, seed] of seeds.entries())
      expect([...genomes.subarray(i * 10, (i + 1) * 10)]).toEqual([...seed]);
  });

  it("ends when the space is exhausted: one gene, one choice, a population of one", () => {
    for (const [genes, levels, size] of [
      [1, 1, 10],
      [1, 3, 1],
      [3, 1, 4],
      [2, 2, 1],
    ] as const) {
      const result = evolveChoices(additive(genes, levels, 1), {
        seed: 1,
        maxEvaluations: 100,
        populationSize: size,
      });
      expect(result.evaluations).toBe(levels ** genes);
    }
  });

  it("stops at the very evaluation", () => {
    for (const maxEvaluations of [1, 2, 9, 31])
      expect(
        evolveChoices(additive(8, 5, 1), { seed: 1, maxEvaluations, populationSize: 10 })
          .evaluations,
      ).toBe(maxEvaluations);
  });
});
