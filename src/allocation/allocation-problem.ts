import { z } from "zod";
import { InvalidArgumentError } from "../errors.js";

/** One layer of an {@link AllocationProblem}. */
export interface AllocationLayer {
  readonly name: string;
  /** What the layer may become; each choice has a finite number for every metric, such as `{ bits, omega, sizeMb }`. */
  readonly choices: readonly Readonly<Record<string, number>>[];
}

/** Pick one choice for each layer; every metric of the whole is the sum over layers. */
export interface AllocationProblem {
  readonly layers: readonly AllocationLayer[];
  /** Groups of layer indices that must take the same choice index. Default: none. */
  readonly ties?: readonly (readonly number[])[] | undefined;
}

const problemSchema = z.object({
  layers: z
    .array(z.object({ name: z.string(), choices: z.array(z.record(z.string(), z.number())).min(1) }))
    .min(1),
  ties: z.array(z.array(z.int().min(0))).optional(),
});

/**
 * @throws InvalidArgumentError naming the field when the problem is not of its type, a number is not finite, a choice
 *   lacks one of `metrics`, a tie names no layer, or tied layers have different numbers of choices
 */
export function checkAllocationProblem(problem: AllocationProblem, metrics: readonly string[]): void {
  const parsed = problemSchema.safeParse(problem);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = issue?.path.join(".") ?? "";
    throw new InvalidArgumentError(path, `problem${path && `.${path}`}: ${issue?.message}`);
  }
  for (const [i, layer] of problem.layers.entries())
    for (const [j, choice] of layer.choices.entries())
      for (const metric of metrics)
        if (!Object.hasOwn(choice, metric)) {
          const path = `layers.${i}.choices.${j}`;
          throw new InvalidArgumentError(
            path,
            `problem.${path} has no ${JSON.stringify(metric)}; it has: ${Object.keys(choice).join(", ")}`,
          );
        }
  for (const [i, tie] of (problem.ties ?? []).entries())
    for (const member of tie) {
      const expected = problem.layers[tie[0] ?? 0]?.choices.length;
      const choices = problem.layers[member]?.choices.length;
      if (choices === undefined || choices !== expected)
        throw new InvalidArgumentError(
          `ties.${i}`,
          choices === undefined
            ? `problem.ties.${i} names layer ${member}; allowed: 0 to ${problem.layers.length - 1}`
            : `problem.ties.${i} ties layers of ${expected} and ${choices} choices; allowed: equally many`,
        );
    }
}

/** Sum of a metric over the layers, in their order. */
export function totalOf(problem: AllocationProblem, choice: readonly number[], metric: string): number {
  let sum = 0;
  for (const [i, layer] of problem.layers.entries()) sum += layer.choices[choice[i]!]![metric]!;
  return sum;
}
