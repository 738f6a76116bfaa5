import { z } from "zod";
import { checkFields, isRecord } from "../check/check-fields.js";
import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";

/** One layer of an {@link AllocationProblem}. */
export interface AllocationLayer {
  readonly name: string;
  /**
   * What the layer may become; each choice has a finite number for every metric, such as `{ bits,
   * omega, sizeMb }`.
   */
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
    .array(
      z.object({ name: z.string(), choices: z.array(z.record(z.string(), z.number())).min(1) }),
    )
    .min(1),
  ties: z.array(z.array(z.int().min(0))).optional(),
});

/**
 * @throws InvalidArgumentError naming the field, when the problem is not of its type, a number is
 *   not finite or a choice lacks one of `metrics`. Ties must name layers, and tied layers have
 *   equally many choices.
 */
export function checkAllocationProblem(
  problem: AllocationProblem,
  metrics: readonly string[],
): void {
  const parsed = problemSchema.safeParse(problem);
  if (!parsed.success) {
    const path = (parsed.error.issues[0]?.path ?? []).map(String);
    let value: unknown = problem;
    for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
    throw new InvalidArgumentError(
      path.join("."),
      `${["problem", ...path].join(".")} is ${describeValue(value)}; allowed: ${allowedAt(path)}`,
    );
  }
  for (const [i, layer] of problem.layers.entries())
    for (const [j, choice] of layer.choices.entries())
      for (const metric of metrics)
        if (!Object.hasOwn(choice, metric)) {
          const path = `layers.${i}.choices.${j}`;
          throw new InvalidArgumentError(
            path,
            `problem.${path} has no ${JSON.stringify(metric)}; it has: ` +
              `${Object.keys(choice).join(", ")}`,
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
            : `problem.ties.${i} ties layers of ${expected} and ${choices} choices; allowed: ` +
                "equally many",
        );
    }
}

/** What may stand at a path of a problem. */
function allowedAt(path: readonly string[]): string {
  if (path[0] === "ties") return "a list of groups of layer indices, each an integer from 0";
  const [, , field] = path;
  if (field === "name") return "text";
  return (
    [
      "an object with layers",
      "a list of 1 layer or more",
      "a layer { name, choices }",
      "a list of 1 choice or more",
      "an object of numbers by metric",
      "a finite number",
    ][path.length] ?? "a finite number"
  );
}

/**
 * @throws InvalidArgumentError naming the field of a question that is unknown or of another type
 */
export function checkQuestion(question: object): void {
  checkFields(question, "question", ["minimize", "budgets", "timeLimitMs", "now", "maxSteps"]);
  const { minimize, budgets, now } = question as Readonly<Record<string, unknown>>;
  if (typeof minimize !== "string")
    throw new InvalidArgumentError(
      "minimize",
      `minimize is ${describeValue(minimize)}; allowed: the name of a metric`,
    );
  if (!isRecord(budgets))
    throw new InvalidArgumentError(
      "budgets",
      `budgets is ${describeValue(budgets)}; allowed: an object of numbers by metric, {} for none`,
    );
  if (now !== undefined && typeof now !== "function")
    throw new InvalidArgumentError("now", `now is ${describeValue(now)}; allowed: a function`);
}

/**
 * @throws InvalidArgumentError unless the options have two objectives, both names, and nothing else
 */
export function checkObjectives(options: object): void {
  checkFields(options, "options", ["objectives"]);
  const { objectives } = options as Readonly<Record<string, unknown>>;
  if (
    !Array.isArray(objectives) ||
    objectives.length !== 2 ||
    objectives.some((name) => typeof name !== "string")
  ) {
    const described = Array.isArray(objectives)
      ? `[${objectives.map(describeValue).join(", ")}]`
      : describeValue(objectives);
    throw new InvalidArgumentError(
      "objectives",
      `objectives is ${described}; allowed: the names of two metrics`,
    );
  }
}

/** Sum of a metric over the layers, in their order. */
export function totalOf(
  problem: AllocationProblem,
  choice: readonly number[],
  metric: string,
): number {
  let sum = 0;
  for (const [i, layer] of problem.layers.entries()) sum += layer.choices[choice[i]!]![metric]!;
  return sum;
}
