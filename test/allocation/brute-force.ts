import fc from "fast-check";
import type { AllocationProblem } from "../../src/allocation/allocation-problem.js";

/** Every allocation that respects the ties. */
export function* allAllocations(problem: AllocationProblem): Generator<number[]> {
  const counts = problem.layers.map((layer) => layer.choices.length);
  const total = counts.reduce((product, n) => product * n, 1);
  for (let code = 0; code < total; code++) {
    let rest = code;
    const choice = counts.map((n) => {
      const digit = rest % n;
      rest = Math.floor(rest / n);
      return digit;
    });
    if ((problem.ties ?? []).every((tie) => tie.every((i) => choice[i] === choice[tie[0]!])))
      yield choice;
  }
}

export function sumOf(
  problem: AllocationProblem,
  choice: readonly number[],
  metric: string,
): number {
  return problem.layers.reduce((sum, layer, i) => sum + layer.choices[choice[i]!]![metric]!, 0);
}

/**
 * Small problems with metrics error, size, latency; whole numbers, so sums are exact and ties are
 * frequent.
 */
export const smallProblems = (
  number = fc.integer({ min: -2, max: 9 }),
): fc.Arbitrary<AllocationProblem> =>
  fc.integer({ min: 1, max: 4 }).chain((choices) =>
    fc
      .record({
        layers: fc.array(
          fc.record({
            name: fc.string(),
            choices: fc.array(fc.record({ error: number, size: number, latency: number }), {
              minLength: choices,
              maxLength: choices,
            }),
          }),
          { minLength: 1, maxLength: 5 },
        ),
        pairs: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 2 }),
      })
      .map(({ layers, pairs }) => ({
        layers,
        ties: pairs.map(([a, b]) => [a % layers.length, b % layers.length]),
      })),
  );
