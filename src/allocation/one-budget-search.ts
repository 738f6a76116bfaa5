import { CAPACITY_SLACK, type Knapsack } from "./knapsack.js";
import { emptyState, extendStates, type ParetoStates, traceChoices } from "./pareto-states.js";
import { reducedCosts } from "./reduced-costs.js";
import type { SearchEnd, SearchStart } from "./search.js";

/**
 * The optimum under one budget: dynamic programming over layers on non-dominated (use, cost) sums, without those
 * that no longer fit or that the Lagrangian bound of the remaining layers shows to be too expensive.
 */
export function oneBudgetSearch(knapsack: Knapsack, start: SearchStart): SearchEnd {
  const { cost, use, capacity } = knapsack;
  const price = start.prices[0]!;
  const room = capacity[0]! + CAPACITY_SLACK;
  const { remaining } = reducedCosts(knapsack, start.prices);
  const history: ParetoStates[] = [];
  let states = emptyState();
  for (const [i, costs] of cost.entries()) {
    if (start.expired()) return { found: undefined, complete: false };
    const rest = remaining[i + 1]! - price * capacity[0]!;
    states = extendStates(
      states,
      use[0]![i]!,
      costs,
      (used, spent) => used <= room && spent + price * used + rest < start.upperBound,
    );
    history.push(states);
  }
  // Costs descend along the states: the last is the cheapest.
  for (let i = states.a.length - 1; i >= 0; i--) {
    const positions = traceChoices(history, i);
    if (start.accepts(positions)) return { found: positions, complete: true };
  }
  return { found: undefined, complete: true };
}
