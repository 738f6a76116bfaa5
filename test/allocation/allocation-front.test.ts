import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocationFront } from "../../src/allocation/allocation-front.js";
import { solveAllocation } from "../../src/allocation/solve-allocation.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { Random } from "../../src/random/random.js";
import { allAllocations, smallProblems, sumOf } from "./brute-force.js";

describe("allocationFront", () => {
  it("equals enumeration: each non-dominated pair once, ascending", () => {
    fc.assert(
      fc.property(smallProblems(), (problem) => {
        const all = [...allAllocations(problem)].map(
          (c) => [sumOf(problem, c, "error"), sumOf(problem, c, "size")] as const,
        );
        const front = all.filter(
          ([x, y]) => !all.some(([u, v]) => u <= x && v <= y && (u < x || v < y)),
        );
        const expected = [...new Map(front.map((p) => [p.join(), [...p]])).values()].sort(
          (p, q) => p[0]! - q[0]!,
        );
        const points = allocationFront(problem, { objectives: ["error", "size"] });
        expect(points.map((point) => point.values)).toEqual(expected);
        for (const { choice, values } of points) {
          expect(values).toEqual([sumOf(problem, choice, "error"), sumOf(problem, choice, "size")]);
          for (const tie of problem.ties ?? []) expect(choice[tie[0]!]).toBe(choice[tie[1]!]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("equals enumeration to the last bit where sums are rounded", () => {
    const tenth = fc.integer({ min: 0, max: 9 }).map((n) => n / 10);
    const rounded = smallProblems(tenth).map(({ layers }) => ({ layers }));
    const example = (pairs: number[][]) => ({
      name: "l",
      choices: pairs.map(([error, size]) => ({ error: error!, size: size!, latency: 0 })),
    });
    const layers = [
      [[0.3, 0.3]],
      [
        [0.1, 0.3],
        [0.2, 0.2],
      ],
      [
        [0.2, 0.1],
        [0.1, 0.3],
      ],
      [[0.2, 0.1]],
    ].map(example);
    fc.assert(
      fc.property(rounded, (problem) => {
        const all = [...allAllocations(problem)].map((c) => [
          sumOf(problem, c, "error"),
          sumOf(problem, c, "size"),
        ]);
        const front = all.filter(
          ([x, y]) => !all.some(([u, v]) => u! <= x! && v! <= y! && (u! < x! || v! < y!)),
        );
        const expected = [...new Map(front.map((p) => [p.join(), p])).values()].sort(
          (p, q) => p[0]! - q[0]!,
        );
        expect(
          allocationFront(problem, { objectives: ["error", "size"] }).map((p) => p.values),
        ).toEqual(expected);
      }),
      { numRuns: 300, examples: [[{ layers }]] },
    );
  });

  it(
    "of fifty layers with ten choices is exact, and meets the optimum under a budget at each " +
      "of its points",
    () => {
      const random = new Random("fifty");
      const problem = {
        layers: Array.from({ length: 50 }, (_, i) => {
          const [weight, loss] = [1 + random.integer(200), random.next()];
          return {
            name: `layer${i}`,
            choices: Array.from({ length: 10 }, (_, k) => ({
              error: loss * 3 ** -k * (1 + random.next()),
              size: weight * (k + 1),
            })),
          };
        }),
      };
      const points = allocationFront(problem, { objectives: ["error", "size"] });
      expect(points.length).toBeGreaterThan(1000);
      for (let i = 0; i < points.length; i += 397) {
        const [error, size] = points[i]!.values as [number, number];
        expect(
          solveAllocation(problem, { minimize: "error", budgets: { size } }).objective,
        ).toBeCloseTo(error, 12);
      }
    },
  );

  it("refuses a metric that is not there", () => {
    const problem = { layers: [{ name: "a", choices: [{ error: 1 }] }] };
    expect(() => allocationFront(problem, { objectives: ["error", "size"] })).toThrow(
      InvalidArgumentError,
    );
  });
});
