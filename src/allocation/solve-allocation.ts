import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError, UnsupportedError } from "../errors.js";
import {
  type AllocationProblem,
  checkAllocationProblem,
  checkQuestion,
  totalOf,
} from "./allocation-problem.js";
import { coreSearch } from "./core-search.js";
import { type EffortLimits, startEffort } from "./effort.js";
import { CAPACITY_SLACK, positionsOf, toKnapsack } from "./knapsack.js";
import { lagrangianBound } from "./lagrangian-bound.js";
import { layerChoices, type SuperLayer, superLayers } from "./super-layers.js";

/** What {@link solveAllocation} is asked for. */
export interface AllocationQuestion extends EffortLimits {
  /** Metric whose sum is minimised. */
  readonly minimize: string;
  /** Largest sum of other metrics, by name. */
  readonly budgets: Readonly<Record<string, number>>;
}

/** The best allocation found, and how good it is for certain. */
export interface AllocationSolution {
  /** Choice index of every layer. */
  readonly choice: number[];
  /** Sum of the minimised metric, in layer order. */
  readonly objective: number;
  /**
   * No allocation within the budgets has less, but for rounding (10^-12 of it). Equal to
   * `objective` when that is proven optimal.
   */
  readonly lowerBound: number;
  /** (objective - lowerBound) / |objective|; 0 when proven optimal. */
  readonly gap: number;
  /** Sum of every budgeted metric. */
  readonly used: Record<string, number>;
}

/** Partial allocations kept from layer to layer, in one search after the other. */
const WIDTHS = [1 << 8, 1 << 12, 1 << 15, 1 << 18];

/**
 * The allocation with the least sum of one metric that keeps all budgets: a multiple-choice
 * knapsack, solved exactly up to rounding (10^-12). Tied layers become one, and choices that
 * another one beats go. Lagrangian relaxation bounds the optimum and shuts out choices. Dynamic
 * programming over the layers that it leaves undecided finds the optimum and proves it, wider and
 * wider until it is proven. Deterministic unless `timeLimitMs` is given.
 * @throws InvalidArgumentError when the problem is not valid, a budget is NaN or names no metric,
 *   or the budgets cannot be kept (the message names the budget and the least that it could be)
 * @throws UnsupportedError when the effort ends before any allocation within several budgets was
 *   found
 * @example
 * ```ts
 * import { solveAllocation } from "quantevo";
 *
 * const problem = {
 *   layers: [
 *     { name: "a", choices: [{ omega: 4, sizeMb: 1 }, { omega: 1, sizeMb: 2 }] },
 *     { name: "b", choices: [{ omega: 3, sizeMb: 2 }, { omega: 1, sizeMb: 4 }] },
 *   ],
 *   ties: [],
 * };
 * const { choice, gap } = solveAllocation(problem, { minimize: "omega", budgets: { sizeMb: 4 } });
 * console.log(choice, gap); // [1, 0] 0
 * ```
 */
export function solveAllocation(
  problem: AllocationProblem,
  question: AllocationQuestion,
): AllocationSolution {
  checkQuestion(question);
  const names = Object.keys(question.budgets);
  const metrics = [question.minimize, ...names];
  checkAllocationProblem(problem, metrics);
  const effort = startEffort(question);
  const layers = superLayers(problem, metrics);
  const limits = names.map((name) => question.budgets[name]!);
  checkBudgets(layers, names, limits);

  let best: Omit<AllocationSolution, "lowerBound" | "gap"> | undefined;
  let rejected = false;
  const offer = (positions: ArrayLike<number>): number | undefined => {
    const solution = toSolution(problem, question, layerChoices(layers, positions));
    if (!keepsBudgets(solution, question)) {
      rejected = true;
      return undefined;
    }
    if (best === undefined || solution.objective < best.objective) best = solution;
    return solution.objective;
  };
  // An unlimited budget binds nothing.
  const bounded = names.map((_, m) => m).filter((m) => limits[m] !== Number.POSITIVE_INFINITY);
  if (bounded.length === 0) {
    offer(layers.map((layer) => leastCost(layer)));
    return { ...best!, lowerBound: best!.objective, gap: 0 };
  }
  const knapsack = toKnapsack(
    layers.map((layer) => ({
      ...layer,
      choices: layer.choices.map((choice) => ({
        ...choice,
        values: [choice.values[0]!, ...bounded.map((m) => choice.values[m + 1]!)],
      })),
    })),
    bounded.map((m) => limits[m]!),
  );
  const relaxed = lagrangianBound(knapsack, () => effort.expired());
  let upperBound = Number.POSITIVE_INFINITY;
  if (relaxed.incumbent !== undefined)
    upperBound = offer(positionsOf(knapsack, relaxed.incumbent)) ?? upperBound;
  let { lowerBound } = relaxed;
  const search = (strict: boolean): number => {
    let proven = Number.NEGATIVE_INFINITY;
    for (const width of WIDTHS) {
      const end = coreSearch(knapsack, {
        prices: relaxed.prices,
        upperBound,
        offer,
        effort,
        strict,
        width,
      });
      upperBound = end.upperBound;
      proven = Math.max(proven, end.lowerBound);
      if (proven >= upperBound || effort.expired()) break;
    }
    return proven;
  };
  if (lowerBound < upperBound) {
    let proven = search(false);
    // What broke a budget by a rounding error may have hidden an allocation that keeps it.
    if (rejected) proven = Math.min(proven, search(true));
    lowerBound = Math.max(lowerBound, Math.min(proven, upperBound));
  }
  if (best === undefined) throw noSolution(names, lowerBound === Number.POSITIVE_INFINITY);
  lowerBound = Math.min(lowerBound, best.objective);
  const gap =
    best.objective === lowerBound
      ? 0
      : (best.objective - lowerBound) / Math.abs(best.objective || 1);
  return { ...best, lowerBound, gap };
}

function leastCost(layer: SuperLayer): number {
  let at = 0;
  for (const [k, choice] of layer.choices.entries())
    if (choice.values[0]! < layer.choices[at]!.values[0]!) at = k;
  return at;
}

function checkBudgets(
  layers: readonly SuperLayer[],
  names: readonly string[],
  limits: readonly number[],
): void {
  for (const [m, name] of names.entries()) {
    const limit = limits[m]!;
    const least = layers.reduce(
      (sum, layer) => sum + Math.min(...layer.choices.map((choice) => choice.values[m + 1]!)),
      0,
    );
    if (typeof limit !== "number" || !(limit >= least - CAPACITY_SLACK * 1e-3 * Math.abs(least)))
      throw new InvalidArgumentError(
        `budgets.${name}`,
        `budgets.${name} is ${describeValue(limit)}; allowed: at least ${least}, ` +
          "the least that any allocation uses",
      );
  }
}

function toSolution(problem: AllocationProblem, question: AllocationQuestion, choice: number[]) {
  return {
    choice,
    objective: totalOf(problem, choice, question.minimize),
    used: Object.fromEntries(
      Object.keys(question.budgets).map((name) => [name, totalOf(problem, choice, name)]),
    ),
  };
}

function keepsBudgets(
  solution: { used: Record<string, number> },
  question: AllocationQuestion,
): boolean {
  return Object.entries(question.budgets).every(([name, limit]) => solution.used[name]! <= limit);
}

function noSolution(names: readonly string[], complete: boolean): Error {
  return complete
    ? new InvalidArgumentError(
        "budgets",
        `budgets ${names.join(", ")} cannot be kept together, though each can alone; ` +
          "allowed: larger ones",
      )
    : new UnsupportedError(
        "timeLimitMs",
        `no allocation that keeps ${names.join(", ")} was found with the effort given; ` +
          "allowed: a longer timeLimitMs, a larger maxSteps or larger budgets",
      );
}
