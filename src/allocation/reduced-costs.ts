import type { Knapsack } from "./knapsack.js";

/** Costs with the budgets' prices added: what each choice costs in the relaxation. */
export interface ReducedCosts {
  /** Per layer and choice. */
  readonly perChoice: readonly (readonly number[])[];
  /** Entry i: the least reduced cost of the layers from i on; the last entry is 0. */
  readonly remaining: Float64Array;
}

/** The reduced costs of a knapsack at some prices. */
export function reducedCosts(knapsack: Knapsack, prices: readonly number[]): ReducedCosts {
  const perChoice = knapsack.cost.map((costs, i) =>
    costs.map((cost, k) => prices.reduce((sum, price, m) => sum + price * knapsack.use[m]![i]![k]!, cost)),
  );
  const remaining = new Float64Array(perChoice.length + 1);
  for (let i = perChoice.length - 1; i >= 0; i--)
    remaining[i] = remaining[i + 1]! + Math.min(...perChoice[i]!);
  return { perChoice, remaining };
}
