import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocationFront } from "../../src/allocation/allocation-front.js";
import type { AllocationProblem } from "../../src/allocation/allocation-problem.js";
import { evolveAllocation } from "../../src/allocation/evolve-allocation.js";
import { exactAllocations } from "../../src/allocation/exact-allocations.js";
import { supportedAllocations } from "../../src/allocation/supported-allocations.js";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import { dominates } from "../../src/pareto/dominates.js";
import { hypervolume } from "../../src/pareto/hypervolume.js";
import { Random } from "../../src/random/random.js";
import { allAllocations, smallProblems, sumOf } from "./brute-force.js";

const METRICS = ["error", "size", "latency"];

/** Layers like those of a network, two of them tied. */
function network(layerCount: number, seed: number): AllocationProblem {
  const random = new Random(seed);
  return {
    layers: Array.from({ length: layerCount }, (_, i) => {
      const [weight, work, loss] = [
        1 + random.integer(1000),
        1 + random.integer(1000),
        random.next() ** 2,
      ];
      return {
        name: `layer${i}`,
        choices: [2, 3, 4, 6, 8, 16].map((bits) => ({
          error: (0.01 + loss) * 4 ** -bits * (1 + 0.1 * random.next()),
          size: weight * bits,
          latency: work * (bits <= 4 ? 4 : bits <= 8 ? 8 : 16) * (1 + 0.2 * random.next()),
        })),
      };
    }),
    ties: [[0, 2]],
  };
}
const vectorOf = (problem: AllocationProblem, choice: readonly number[]) =>
  METRICS.map((metric) => sumOf(problem, choice, metric));

describe("supportedAllocations and exactAllocations", () => {
  it("are on the front, without repetition, and keep ties", () => {
    fc.assert(
      fc.property(smallProblems(), fc.integer({ min: 1, max: 20 }), (problem, count) => {
        const all = [...allAllocations(problem)].map((choice) => vectorOf(problem, choice));
        for (const solve of [supportedAllocations, exactAllocations]) {
          const found = solve(problem, { objectives: METRICS, count });
          expect(found.length).toBeGreaterThan(0);
          expect(found.length).toBeLessThanOrEqual(count);
          expect(new Set(found.map((choice) => choice.join())).size).toBe(found.length);
          for (const choice of found)
            for (const tie of problem.ties ?? []) expect(choice[tie[0]!]).toBe(choice[tie[1]!]);
          if (solve === supportedAllocations)
            for (const choice of found)
              expect(all.some((other) => dominates(other, vectorOf(problem, choice)))).toBe(false);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("find the ends and, with two metrics, all that the hull has", () => {
    const problem = network(12, 1);
    const front = allocationFront(problem, { objectives: ["error", "size"] });
    const found = supportedAllocations(problem, { objectives: ["error", "size"], count: 500 });
    const values = found.map((choice) => [
      sumOf(problem, choice, "error"),
      sumOf(problem, choice, "size"),
    ]);
    expect(values).toContainEqual(front[0]!.values);
    expect(values).toContainEqual(front.at(-1)!.values);
    // A hull of 11 free layers with 6 choices has at most 55 edges.
    expect(found.length).toBeGreaterThan(25);
    expect(found.length).toBeLessThanOrEqual(56);
    const more = exactAllocations(problem, { objectives: ["error", "size"], count: 200 });
    expect(more.length).toBeGreaterThan(150);
    const texts = new Set(front.map((point) => point.values.join()));
    for (const choice of more)
      expect(texts).toContain(
        [sumOf(problem, choice, "error"), sumOf(problem, choice, "size")].join(),
      );
  });

  it("refuse what makes no sense", () => {
    const problem = network(3, 1);
    expect(() => supportedAllocations(problem, { objectives: ["error"], count: 3 })).toThrow(
      "objectives has 1 metrics; allowed: at least 2",
    );
    expect(() => exactAllocations(problem, { objectives: METRICS, count: 0 })).toThrow(
      "count is 0",
    );
    expect(() => supportedAllocations(problem, { objectives: ["error", "x"], count: 3 })).toThrow(
      InvalidArgumentError,
    );
  });
});

describe("evolveAllocation", () => {
  const problem = network(24, 5);
  const widest = vectorOf(
    problem,
    problem.layers.map(() => 5),
  );
  const least = vectorOf(
    problem,
    problem.layers.map(() => 0),
  );
  const volume = (front: readonly { readonly values: readonly number[] }[]) =>
    hypervolume(
      front.map(({ values }) => [
        (Math.log(values[0]!) - Math.log(widest[0]!)) /
          (Math.log(least[0]!) - Math.log(widest[0]!)),
        ...values.slice(1).map((v, k) => (v - least[k + 1]!) / (widest[k + 1]! - least[k + 1]!)),
      ]),
      METRICS.slice(0, front[0]!.values.length).map(() => 1.1),
    );

  it("comes near the exact front of two metrics, blind, guided and with seeds", () => {
    const objectives: [string, string] = ["error", "size"];
    const exact = volume(allocationFront(problem, { objectives }));
    const run = (seeding: number, guided: boolean) =>
      volume(
        evolveAllocation(problem, {
          objectives,
          seed: 1,
          maxEvaluations: 2500,
          seeding,
          guided,
          logarithmic: ["error"],
        }).front,
      );
    expect(run(0, false)).toBeGreaterThan(0.95 * exact);
    expect(run(0, true)).toBeGreaterThan(0.95 * exact);
    const seeded = run(0.1, true);
    expect(seeded).toBeGreaterThan(0.985 * exact);
    expect(seeded).toBeLessThanOrEqual(exact * (1 + 1e-12));
  });

  it("finds all of an enumerable front in three metrics within a tenth of the space", () => {
    const random = new Random(9);
    const small: AllocationProblem = {
      layers: Array.from({ length: 14 }, (_, i) => {
        const [weight, work] = [2 ** random.integer(6), 1 + random.next()];
        const error = random.next() ** 3 * weight;
        return {
          name: String(i),
          choices: [
            { error, size: weight, latency: work },
            { error: error / 256, size: 2 * weight, latency: work * (1.3 + 0.4 * random.next()) },
          ],
        };
      }),
      ties: [[3, 7]],
    };
    const all = [...allAllocations(small)].map((choice) => vectorOf(small, choice));
    const front = all.filter((row) => !all.some((other) => dominates(other, row)));
    const result = evolveAllocation(small, {
      objectives: METRICS,
      seed: 1,
      maxEvaluations: 800,
      seeding: 0.25,
    });
    const found = new Set(result.front.map((point) => point.values.join()));
    const hit = new Set(front.map((row) => row.join()).filter((text) => found.has(text)));
    expect(hit.size / new Set(front.map((row) => row.join())).size).toBeGreaterThan(0.9);
    for (const { choice, values } of result.front) {
      expect(values).toEqual(vectorOf(small, choice));
      expect(choice[3]).toBe(choice[7]);
    }
  });

  it("tells of every allocation, once, and is the same for the same seed", () => {
    const run = () => {
      const told: string[] = [];
      const result = evolveAllocation(problem, {
        objectives: METRICS,
        maxEvaluations: 300,
        populationSize: 20,
        onEvaluation: (choice, evaluation) => told.push(`${evaluation} ${choice}`),
      });
      expect(told.length).toBe(result.evaluations);
      return { told, front: result.front };
    };
    const first = run();
    expect(new Set(first.told).size).toBe(300);
    expect(run()).toEqual(first);
    for (let i = 1; i < first.front.length; i++)
      expect(first.front[i]!.values[0]).toBeGreaterThanOrEqual(first.front[i - 1]!.values[0]!);
  });

  it("refuses options out of range", () => {
    const ask = (options: object) => () =>
      evolveAllocation(problem, { objectives: METRICS, ...options });
    expect(ask({ objectives: ["error"] })).toThrow(InvalidArgumentError);
    expect(ask({ maxEvaluations: 0 })).toThrow("maxEvaluations is 0");
    expect(ask({ populationSize: 1.5 })).toThrow("populationSize is 1.5");
    expect(ask({ seeding: 2 })).toThrow("seeding is 2; allowed: 0 to 1");
    const zero = { layers: [{ name: "a", choices: [{ error: 0, size: 1, latency: 1 }] }] };
    expect(() => evolveAllocation(zero, { objectives: METRICS, logarithmic: ["error"] })).toThrow(
      InvalidDataError,
    );
  });
});
