import type { SuperLayer } from "./super-layers.js";

/**
 * A multiple-choice knapsack in the form the solvers like: each layer's least use of each budget is taken off, and what
 * is left of the budget is scaled to 1. A use is so never negative, and the least use of all remaining layers is 0.
 */
export interface Knapsack {
  /** Cost of each choice, per layer. */
  readonly cost: readonly (readonly number[])[];
  /** Uses of each choice, per budget and layer. */
  readonly use: readonly (readonly (readonly number[])[])[];
  /** What each budget allows: 1, or 0 when it only just allows the least. */
  readonly capacity: readonly number[];
}

/** Sums in different orders differ by rounding: the search allows this much, the result is checked without. */
export const CAPACITY_SLACK = 1e-9;

/** @param layers values are the cost, then one use for each budget */
export function toKnapsack(layers: readonly SuperLayer[], budgets: readonly number[]): Knapsack {
  const capacity: number[] = [];
  const use = budgets.map((budget, m) => {
    const least = layers.map((layer) => Math.min(...layer.choices.map((choice) => choice.values[m + 1]!)));
    const left = budget - least.reduce((sum, value) => sum + value, 0);
    // Not more than rounding is left: only the least use fits, whatever its unit.
    const tight = left <= 1e-12 * Math.abs(budget);
    capacity.push(tight ? 0 : 1);
    const unit = tight ? Math.abs(budget) || 1 : left;
    return layers.map((layer, i) =>
      layer.choices.map((choice) => (choice.values[m + 1]! - least[i]!) / unit),
    );
  });
  return { cost: layers.map((layer) => layer.choices.map((choice) => choice.values[0]!)), use, capacity };
}

/** Whether an allocation (one position per layer) keeps every budget, up to {@link CAPACITY_SLACK}. */
export function fits(knapsack: Knapsack, positions: ArrayLike<number>): boolean {
  return knapsack.use.every((use, m) => {
    let sum = 0;
    for (let i = 0; i < use.length; i++) sum += use[i]![positions[i]!]!;
    return sum <= knapsack.capacity[m]! + CAPACITY_SLACK;
  });
}

/** Sum of the costs of an allocation. */
export function costOf(knapsack: Knapsack, positions: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < knapsack.cost.length; i++) sum += knapsack.cost[i]![positions[i]!]!;
  return sum;
}
