import type { SuperLayer } from "./super-layers.js";

/**
 * A multiple-choice knapsack as the solvers take it, in flat typed arrays. Each layer's least cost
 * and least use of each budget are taken off. So nothing is negative, and the least that the
 * remaining layers can add is 0.
 */
export interface Knapsack {
  /** The choices of layer i are entries `first[i]` to `first[i + 1] - 1` of the arrays below. */
  readonly first: Int32Array;
  /** Position of each choice among those of its super-layer. */
  readonly position: Int32Array;
  /** Cost of each choice above the least of its layer. */
  readonly cost: Float64Array;
  /** Sum of the least costs. */
  readonly baseCost: number;
  /** Per budget, the use of each choice above the least of its layer, in units of `capacity`'s. */
  readonly use: readonly Float64Array[];
  /** What each budget leaves above the least uses: 1, or 0 when it only just allows those. */
  readonly capacity: Float64Array;
}

/**
 * Sums in different orders differ by rounding: the search allows this much, the result is checked
 * without.
 */
export const CAPACITY_SLACK = 1e-9;

/** @param layers values are the cost, then one use for each budget */
export function toKnapsack(layers: readonly SuperLayer[], budgets: readonly number[]): Knapsack {
  const count = layers.reduce((sum, layer) => sum + layer.choices.length, 0);
  const first = new Int32Array(layers.length + 1);
  const position = new Int32Array(count);
  const cost = new Float64Array(count);
  const use = budgets.map(() => new Float64Array(count));
  for (const [i, layer] of layers.entries()) {
    const start = first[i]!;
    first[i + 1] = start + layer.choices.length;
    for (const [k, choice] of layer.choices.entries()) {
      position[start + k] = k;
      cost[start + k] = choice.values[0]!;
      for (const [m, row] of use.entries()) row[start + k] = choice.values[m + 1]!;
    }
  }
  const baseCost = takeLeast(cost, first);
  const capacity = new Float64Array(budgets.length);
  for (const [m, row] of use.entries()) {
    const budget = budgets[m]!;
    const left = budget - takeLeast(row, first);
    // Not more than rounding is left: only the least use fits, whatever its unit.
    const tight = left <= 1e-12 * Math.abs(budget);
    capacity[m] = tight ? 0 : 1;
    const unit = tight ? Math.abs(budget) || 1 : left;
    for (let j = 0; j < count; j++) row[j]! /= unit;
  }
  return { first, position, cost, baseCost, use, capacity };
}

/**
 * The knapsack with only the choices that `keep` accepts, the least of each layer taken off anew.
 * Every layer keeps at least one choice, or the result is undefined: then no allocation is left.
 * @param keep asked with the index of a choice in the flat arrays
 */
export function restrict(
  knapsack: Knapsack,
  keep: (choice: number) => boolean,
): Knapsack | undefined {
  const layers = knapsack.first.length - 1;
  const first = new Int32Array(layers + 1);
  const kept: number[] = [];
  for (let i = 0; i < layers; i++) {
    for (let j = knapsack.first[i]!; j < knapsack.first[i + 1]!; j++) if (keep(j)) kept.push(j);
    first[i + 1] = kept.length;
    if (kept.length === first[i]) return undefined;
  }
  const pick = (row: Float64Array) => Float64Array.from(kept, (j) => row[j]!);
  const cost = pick(knapsack.cost);
  const use = knapsack.use.map(pick);
  const capacity = Float64Array.from(knapsack.capacity);
  const baseCost = knapsack.baseCost + takeLeast(cost, first);
  for (const [m, row] of use.entries()) capacity[m]! -= takeLeast(row, first);
  const position = Int32Array.from(kept, (j) => knapsack.position[j]!);
  return { first, position, cost, baseCost, use, capacity };
}

/**
 * Whether an allocation (a flat index for each layer) keeps every budget, up to
 * {@link CAPACITY_SLACK}.
 */
export function fits(knapsack: Knapsack, chosen: Int32Array): boolean {
  for (const [m, row] of knapsack.use.entries()) {
    let sum = 0;
    for (let i = 0; i < chosen.length; i++) sum += row[chosen[i]!]!;
    if (sum > knapsack.capacity[m]! + CAPACITY_SLACK) return false;
  }
  return true;
}

/** Sum of the costs of an allocation (a flat index for each layer). */
export function costOf(knapsack: Knapsack, chosen: Int32Array): number {
  let sum = knapsack.baseCost;
  for (let i = 0; i < chosen.length; i++) sum += knapsack.cost[chosen[i]!]!;
  return sum;
}

/**
 * The position among the choices of its super-layer, for each layer of an allocation in flat
 * indices.
 */
export function positionsOf(knapsack: Knapsack, chosen: Int32Array): Int32Array {
  return chosen.map((j) => knapsack.position[j]!);
}

function takeLeast(row: Float64Array, first: Int32Array): number {
  let sum = 0;
  for (let i = 0; i + 1 < first.length; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (let j = first[i]!; j < first[i + 1]!; j++) least = Math.min(least, row[j]!);
    for (let j = first[i]!; j < first[i + 1]!; j++) row[j]! -= least;
    sum += least;
  }
  return sum;
}
