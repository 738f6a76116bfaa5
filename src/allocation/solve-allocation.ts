import { InvalidArgumentError, UnsupportedError } from "../errors.js";
import {
  type AllocationProblem,
  checkAllocationProblem,
  checkQuestion,
  totalOf,
} from "./allocation-problem.js";
import { branchAndBound } from "./branch-and-bound.js";
import { CAPACITY_SLACK, type Knapsack, toKnapsack } from "./knapsack.js";
import { lagrangianBound } from "./lagrangian-bound.js";
import { oneBudgetSearch } from "./one-budget-search.js";
import { reducedCosts } from "./reduced-costs.js";
import type { Clock, SearchEnd } from "./search.js";
import { layerChoices, type SuperLayer, superLayers } from "./super-layers.js";

/** What {@link solveAllocation} is asked for. */
export interface AllocationQuestion {
  /** Metric whose sum is minimised. */
  readonly minimize: string;
  /** Largest sum of other metrics, by name. */
  readonly budgets: Readonly<Record<string, number>>;
  /**
   * Stop after about this many milliseconds with the best allocation so far, and a gap above 0. What is found then
   * depends on the speed of the machine. Default: no limit, and the clock is never read.
   */
  readonly timeLimitMs?: number | undefined;
  /** The clock of `timeLimitMs`. Default: performance.now. */
  readonly now?: Clock | undefined;
}

/** The best allocation found, and how good it is for certain. */
export interface AllocationSolution {
  /** Choice index of every layer. */
  readonly choice: number[];
  /** Sum of the minimised metric, in layer order. */
  readonly objective: number;
  /** No allocation within the budgets has less. Equal to `objective` when that is proven optimal. */
  readonly lowerBound: number;
  /** (objective - lowerBound) / |objective|; 0 when proven optimal. */
  readonly gap: number;
  /** Sum of every budgeted metric. */
  readonly used: Record<string, number>;
}

/**
 * The allocation with the least sum of one metric that keeps all budgets: a multiple-choice knapsack, solved exactly.
 * Tied layers become one, beaten choices go, Lagrangian relaxation bounds the optimum and shuts out choices; then
 * dynamic programming (one budget) or branch and bound (several). Deterministic unless `timeLimitMs` is given.
 * @throws InvalidArgumentError when the problem is not valid, a budget is NaN or names no metric, or the budgets
 *   cannot be kept (the message names the budget and the least that it could be); UnsupportedError when
 *   `timeLimitMs` passes before any allocation within several budgets was found
 */
export function solveAllocation(
  problem: AllocationProblem,
  question: AllocationQuestion,
): AllocationSolution {
  checkQuestion(question);
  const names = Object.keys(question.budgets);
  const metrics = [question.minimize, ...names];
  checkAllocationProblem(problem, metrics);
  const expired = deadline(question);
  const layers = superLayers(problem, metrics);
  const limits = names.map((name) => question.budgets[name]!);
  checkBudgets(layers, names, limits);

  const judge = (positions: ArrayLike<number>) =>
    toSolution(problem, question, layerChoices(layers, positions));
  // An unlimited budget binds nothing.
  const bounded = names.map((_, m) => m).filter((m) => limits[m] !== Number.POSITIVE_INFINITY);
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
  const relaxed = lagrangianBound(knapsack);
  let best = relaxed.incumbent && judge(relaxed.incumbent);
  if (best !== undefined && !keepsBudgets(best, question)) best = undefined;
  const upperBound = best?.objective ?? Number.POSITIVE_INFINITY;

  const { reduced, positions } = withoutHopeless(knapsack, relaxed.prices, upperBound);
  const restored = (found: Int32Array) => judge(found.map((k, i) => positions[i]![k]!));
  const search = bounded.length === 1 ? oneBudgetSearch : branchAndBound;
  const end: SearchEnd = search(reduced, {
    upperBound,
    prices: relaxed.prices,
    accepts: (found) => keepsBudgets(restored(found), question),
    expired,
  });
  const found = end.found && restored(end.found);
  if (found !== undefined && found.objective < upperBound) best = found;
  if (best === undefined) throw noSolution(names, end.complete);
  const lowerBound = end.complete ? best.objective : Math.min(relaxed.lowerBound, best.objective);
  const gap =
    best.objective === lowerBound ? 0 : (best.objective - lowerBound) / Math.abs(best.objective || 1);
  return { ...best, lowerBound, gap };
}

function deadline({ timeLimitMs, now }: AllocationQuestion): () => boolean {
  if (timeLimitMs === undefined) return () => false;
  if (!(timeLimitMs >= 0))
    throw new InvalidArgumentError("timeLimitMs", `timeLimitMs is ${timeLimitMs}; allowed: 0 or more`);
  // The one clock of this room: it can stop the search early, and nothing else depends on it.
  const clock = now ?? (() => performance.now());
  const end = clock() + timeLimitMs;
  return () => clock() >= end;
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
        `budgets.${name} is ${limit}; allowed: at least ${least}, the least that any allocation uses`,
      );
  }
}

/** The knapsack without choices that the relaxation proves to be in no allocation cheaper than `upperBound`. */
function withoutHopeless(
  knapsack: Knapsack,
  prices: readonly number[],
  upperBound: number,
): { reduced: Knapsack; positions: number[][] } {
  const { perChoice, remaining } = reducedCosts(knapsack, prices);
  const bound = remaining[0]! - prices.reduce((sum, price, m) => sum + price * knapsack.capacity[m]!, 0);
  const positions = perChoice.map((costs) => {
    const least = Math.min(...costs);
    return [...costs.keys()].filter((k) => costs[k] === least || bound + (costs[k]! - least) < upperBound);
  });
  const pick = (rows: readonly (readonly number[])[]) =>
    rows.map((row, i) => positions[i]!.map((position) => row[position]!));
  return {
    reduced: { cost: pick(knapsack.cost), use: knapsack.use.map(pick), capacity: knapsack.capacity },
    positions,
  };
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

function keepsBudgets(solution: { used: Record<string, number> }, question: AllocationQuestion): boolean {
  return Object.entries(question.budgets).every(([name, limit]) => solution.used[name]! <= limit);
}

function noSolution(names: readonly string[], complete: boolean): Error {
  return complete
    ? new InvalidArgumentError(
        "budgets",
        `budgets ${names.join(", ")} cannot be kept together, though each can alone; allowed: larger ones`,
      )
    : new UnsupportedError(
        "timeLimitMs",
        `no allocation that keeps ${names.join(", ")} was found in the time given; allowed: a longer timeLimitMs or larger budgets`,
      );
}
