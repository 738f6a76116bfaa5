import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AllocationProblem } from "../../src/allocation/allocation-problem.js";
import { solveAllocation } from "../../src/allocation/solve-allocation.js";
import { InvalidArgumentError, UnsupportedError } from "../../src/errors.js";
import { Random } from "../../src/random/random.js";
import { allAllocations, smallProblems, sumOf } from "./brute-force.js";

const two: AllocationProblem = {
  layers: [
    {
      name: "a",
      choices: [
        { error: 9, size: 1 },
        { error: 1, size: 4 },
      ],
    },
    {
      name: "b",
      choices: [
        { error: 5, size: 1 },
        { error: 0, size: 2 },
      ],
    },
  ],
};

/** Layers like those of a network: error falls by about four per bit, the rest grows with bits. */
function network(layerCount: number, seed: number): AllocationProblem {
  const random = new Random(seed);
  return {
    layers: Array.from({ length: layerCount }, (_, i) => {
      const [weight, work, loss] = [
        1 + random.integer(1000),
        1 + random.integer(1000),
        random.next(),
      ];
      return {
        name: `layer${i}`,
        choices: [2, 3, 4, 6, 8].map((bits) => ({
          error: loss * 4 ** -bits * (1 + 0.1 * random.next()),
          size: weight * bits,
          latency: work * (bits <= 4 ? 4 : 8) * (1 + 0.2 * random.next()),
        })),
      };
    }),
  };
}
const middle = (problem: AllocationProblem, metric: string, share: number) => {
  const all = (pick: (values: number[]) => number) =>
    problem.layers.reduce(
      (sum, { choices }) => sum + pick(choices.map((choice) => choice[metric]!)),
      0,
    );
  const least = all((values) => Math.min(...values));
  return least + share * (all((values) => Math.max(...values)) - least);
};

describe("solveAllocation", () => {
  it("solves a problem one can check by eye", () => {
    expect(solveAllocation(two, { minimize: "error", budgets: { size: 5 } })).toEqual({
      choice: [1, 0],
      objective: 6,
      lowerBound: 6,
      gap: 0,
      used: { size: 5 },
    });
    expect(solveAllocation(two, { minimize: "error", budgets: {} }).choice).toEqual([1, 1]);
    expect(
      solveAllocation(two, { minimize: "error", budgets: { size: Number.POSITIVE_INFINITY } }).used,
    ).toEqual({ size: 6 });
    expect(
      solveAllocation({ ...two, ties: [[0, 1]] }, { minimize: "error", budgets: { size: 5 } })
        .choice,
    ).toEqual([0, 0]);
    expect(solveAllocation(two, { minimize: "error", budgets: { size: 2 } }).choice).toEqual([
      0, 0,
    ]);
  });

  for (const names of [[], ["size"], ["size", "latency"]])
    it(`equals enumeration with budgets on [${names}]`, () => {
      const budget = fc.integer({ min: -5, max: 25 });
      fc.assert(
        fc.property(smallProblems(), fc.tuple(budget, budget), (problem, limits) => {
          const budgets = Object.fromEntries(names.map((name, m) => [name, limits[m]!]));
          const keeps = (choice: number[]) =>
            names.every((name) => sumOf(problem, choice, name) <= budgets[name]!);
          const costs = [...allAllocations(problem)]
            .filter(keeps)
            .map((choice) => sumOf(problem, choice, "error"));
          if (costs.length === 0) {
            expect(() => solveAllocation(problem, { minimize: "error", budgets })).toThrow(
              InvalidArgumentError,
            );
            return;
          }
          const solution = solveAllocation(problem, { minimize: "error", budgets });
          expect(solution.objective).toBe(Math.min(...costs));
          expect(solution.objective).toBe(sumOf(problem, solution.choice, "error"));
          expect(solution.lowerBound).toBe(solution.objective);
          expect(solution.gap).toBe(0);
          expect(keeps(solution.choice)).toBe(true);
          for (const name of names)
            expect(solution.used[name]).toBe(sumOf(problem, solution.choice, name));
          for (const tie of problem.ties ?? [])
            expect(solution.choice[tie[0]!]).toBe(solution.choice[tie[1]!]);
        }),
        { numRuns: 400 },
      );
    });

  it("equals enumeration on real numbers", () => {
    // Not over hundreds of orders of magnitude: sums are kept to about 15 digits, and an allocation
    // that meets its budget to the last digit of such a sum may be missed (known limit of the
    // solver).
    const real = fc.double({ min: 1e-6, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        smallProblems(real as fc.Arbitrary<number>),
        fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 1e-6, max: 1, noNaN: true })),
        (problem, share) => {
          const budgets = {
            size: middle(problem, "size", share),
            latency: middle(problem, "latency", share),
          };
          const costs = [...allAllocations(problem)]
            .filter(
              (choice) =>
                sumOf(problem, choice, "size") <= budgets.size &&
                sumOf(problem, choice, "latency") <= budgets.latency,
            )
            .map((choice) => sumOf(problem, choice, "error"));
          if (costs.length === 0) return;
          expect(solveAllocation(problem, { minimize: "error", budgets }).objective).toBeCloseTo(
            Math.min(...costs),
            12,
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it("proves the optimum of forty layers under one and two budgets, the same every time", () => {
    const problem = network(40, 7);
    for (const share of [0.1, 0.4, 0.8]) {
      const size = middle(problem, "size", share);
      const one = solveAllocation(problem, { minimize: "error", budgets: { size } });
      const both = { size, latency: middle(problem, "latency", share) };
      const second = solveAllocation(problem, { minimize: "error", budgets: both });
      expect(one.gap).toBe(0);
      expect(second.gap).toBe(0);
      expect(second.objective).toBeGreaterThanOrEqual(one.objective);
      expect(solveAllocation(problem, { minimize: "error", budgets: both })).toEqual(second);
    }
  });

  it("proves the optimum of layers that are all alike, under one budget and under two", () => {
    const { choices } = network(1, 3).layers[0]!;
    const problem = {
      layers: Array.from({ length: 40 }, (_, i) => ({ name: String(i), choices })),
    };
    // Counts of each choice are all that matters: enumerate those.
    for (const share of [0.05, 0.3]) {
      const budgets = {
        size: middle(problem, "size", share),
        latency: middle(problem, "latency", share),
      };
      let least = Number.POSITIVE_INFINITY;
      const counts = choices.map(() => 0);
      const visit = (k: number, left: number): void => {
        counts[k] = left;
        if (k === 0) {
          const sum = (metric: string) =>
            choices.reduce((total, choice, c) => total + counts[c]! * choice[metric as "size"]!, 0);
          if (sum("size") <= budgets.size && sum("latency") <= budgets.latency)
            least = Math.min(least, sum("error"));
          return;
        }
        for (let n = 0; n <= left; n++) {
          counts[k] = n;
          visit(k - 1, left - n);
        }
      };
      visit(choices.length - 1, 40);
      const solution = solveAllocation(problem, { minimize: "error", budgets });
      expect(solution.gap).toBe(0);
      expect(solution.objective).toBeCloseTo(least, 12);
    }
  });

  it("solves thousands of layers under one, two and three budgets, with a certificate", () => {
    const large = network(2000, 11);
    const problem = {
      layers: large.layers.map((layer) => ({
        ...layer,
        choices: layer.choices.map((choice) => ({
          ...choice,
          energy: choice.size! + choice.latency!,
        })),
      })),
    };
    for (const names of [["size"], ["size", "latency"], ["size", "latency", "energy"]]) {
      const budgets = Object.fromEntries(names.map((name) => [name, middle(problem, name, 0.2)]));
      const solution = solveAllocation(problem, { minimize: "error", budgets, maxSteps: 1e6 });
      expect(solution.lowerBound).toBeLessThanOrEqual(solution.objective);
      expect(solution.gap).toBeLessThan(1e-4);
      for (const name of names) expect(solution.used[name]).toBeLessThanOrEqual(budgets[name]!);
    }
  });

  it("is not misled by an allocation that breaks a budget by a rounding error", () => {
    const tiny = Number.MIN_VALUE;
    const problem = {
      layers: [
        {
          name: "a",
          choices: [
            { error: 0, size: tiny, latency: 0 },
            { error: 0, size: 0, latency: 1e-100 },
            { error: tiny, size: 0, latency: 0 },
          ],
        },
      ],
    };
    const budgets = { size: 0, latency: 0 };
    expect(solveAllocation(problem, { minimize: "error", budgets }).choice).toEqual([2]);
  });

  it("stops after its steps, the same every time, with a bound that holds", () => {
    const problem = network(40, 7);
    const budgets = {
      size: middle(problem, "size", 0.3),
      latency: middle(problem, "latency", 0.3),
    };
    const optimum = solveAllocation(problem, { minimize: "error", budgets });
    const hasty = solveAllocation(problem, { minimize: "error", budgets, maxSteps: 0 });
    expect(hasty.lowerBound).toBeLessThanOrEqual(optimum.objective);
    expect(hasty.objective).toBeGreaterThanOrEqual(optimum.objective);
    expect(solveAllocation(problem, { minimize: "error", budgets, maxSteps: 0 })).toEqual(hasty);
    expect(() => solveAllocation(problem, { minimize: "error", budgets, maxSteps: -1 })).toThrow(
      "maxSteps is -1; allowed: 0 or more",
    );
  });

  it("stopped early, gives a valid allocation and an honest bound", () => {
    const problem = network(40, 7);
    const budgets = {
      size: middle(problem, "size", 0.3),
      latency: middle(problem, "latency", 0.3),
    };
    const optimum = solveAllocation(problem, { minimize: "error", budgets }).objective;
    for (const chosen of [budgets, { size: budgets.size }]) {
      const stopped = solveAllocation(problem, {
        minimize: "error",
        budgets: chosen,
        timeLimitMs: 0,
        now: () => 5,
      });
      expect(stopped.used.size).toBeLessThanOrEqual(budgets.size);
      expect(stopped.lowerBound).toBeLessThanOrEqual(stopped.objective);
      expect(stopped.lowerBound).toBeLessThanOrEqual(optimum);
      expect(stopped.gap).toBeCloseTo(
        (stopped.objective - stopped.lowerBound) / stopped.objective,
        12,
      );
      expect(stopped.gap).toBeLessThan(0.5);
    }
    expect(solveAllocation(problem, { minimize: "error", budgets, timeLimitMs: 60_000 }).gap).toBe(
      0,
    );
  });

  it("says when time ran out before anything was found", () => {
    // Exactly one allocation fits, and the relaxation does not meet it.
    const random = new Random(3);
    const layers = Array.from({ length: 30 }, (_, i) => ({
      name: String(i),
      choices: Array.from({ length: 3 }, () => ({
        error: random.next(),
        size: random.next(),
        latency: 0,
      })).map((c) => ({ ...c, latency: 1 - c.size })),
    }));
    const problem = { layers };
    const hidden = layers.map((_, i) => i % 3);
    const budgets = {
      size: sumOf(problem, hidden, "size"),
      latency: sumOf(problem, hidden, "latency"),
    };
    expect(() =>
      solveAllocation(problem, { minimize: "error", budgets, timeLimitMs: 0, now: () => 0 }),
    ).toThrow(UnsupportedError);
  });

  it("names the budget that cannot be kept and the least that it could be", () => {
    expect(() => solveAllocation(two, { minimize: "error", budgets: { size: 1 } })).toThrow(
      "budgets.size is 1; allowed: at least 2",
    );
    expect(() =>
      solveAllocation(two, { minimize: "error", budgets: { size: Number.NaN } }),
    ).toThrow(InvalidArgumentError);
    const opposed = {
      layers: [
        {
          name: "a",
          choices: [
            { e: 1, x: 0, y: 1 },
            { e: 1, x: 1, y: 0 },
          ],
        },
      ],
    };
    expect(() => solveAllocation(opposed, { minimize: "e", budgets: { x: 0, y: 0 } })).toThrow(
      "cannot be kept together",
    );
  });

  it("refuses problems that are none", () => {
    const ask = (problem: unknown) => () =>
      solveAllocation(problem as AllocationProblem, { minimize: "error", budgets: { size: 9 } });
    expect(ask({ layers: [] })).toThrow(InvalidArgumentError);
    expect(ask(null)).toThrow(InvalidArgumentError);
    expect(ask({ layers: [{ name: "a", choices: [{ error: Number.NaN, size: 1 }] }] })).toThrow(
      "layers.0.choices.0.error",
    );
    expect(ask({ layers: [{ name: "a", choices: [{ error: 1 }] }] })).toThrow(
      'has no "size"; it has: error',
    );
    expect(ask({ ...two, ties: [[0, 2]] })).toThrow("names layer 2; allowed: 0 to 1");
    const uneven = [...two.layers, { name: "c", choices: [{ error: 1, size: 1 }] }];
    expect(ask({ layers: uneven, ties: [[0, 2]] })).toThrow("ties layers of 2 and 1 choices");
    expect(() => solveAllocation(two, { minimize: "toString", budgets: {} })).toThrow(
      InvalidArgumentError,
    );
    expect(() => solveAllocation(two, { minimize: "error", budgets: {}, timeLimitMs: -1 })).toThrow(
      "timeLimitMs is -1",
    );
  });
});
