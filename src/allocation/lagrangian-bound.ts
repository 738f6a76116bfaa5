import { costOf, fits, type Knapsack } from "./knapsack.js";

/** What relaxing the budgets gives. */
export interface LagrangianBound {
  /** No allocation that keeps the budgets costs less. */
  readonly lowerBound: number;
  /** Price of each budget, at least 0, that gives the bound. */
  readonly prices: readonly number[];
  /** The cheapest allocation met that keeps the budgets; undefined when none was met. */
  readonly incumbent: Int32Array | undefined;
}

const ITERATIONS = 400;

/**
 * Lagrangian relaxation (Everett 1963; Shoham and Gersho 1988 for bit allocation): budgets become prices, each layer
 * then decides alone, and the best prices give a lower bound. One budget: bisection on its price. Several:
 * subgradient ascent with Polyak's step, a fixed number of steps.
 */
export function lagrangianBound(knapsack: Knapsack): LagrangianBound {
  const state = new Ascent(knapsack);
  if (knapsack.use.length === 1) bisect(state);
  else climb(state);
  return { lowerBound: state.best, prices: state.bestPrices, incumbent: state.incumbent };
}

class Ascent {
  best = Number.NEGATIVE_INFINITY;
  bestPrices: number[];
  incumbent: Int32Array | undefined;
  incumbentCost = Number.POSITIVE_INFINITY;

  constructor(readonly knapsack: Knapsack) {
    this.bestPrices = knapsack.use.map(() => 0);
    // The least use of a budget: with one budget it always fits.
    for (const use of knapsack.use)
      this.offer(Int32Array.from(use, (choices) => choices.indexOf(Math.min(...choices))));
  }

  /** Bound at some prices, and by how much the relaxed allocation breaks each budget. */
  probe(prices: readonly number[]): { bound: number; excess: number[] } {
    const { cost, use, capacity } = this.knapsack;
    const positions = new Int32Array(cost.length);
    let bound = -prices.reduce((sum, price, m) => sum + price * capacity[m]!, 0);
    for (const [i, costs] of cost.entries()) {
      let least = Number.POSITIVE_INFINITY;
      for (let k = 0; k < costs.length; k++) {
        let value = costs[k]!;
        for (let m = 0; m < prices.length; m++) value += prices[m]! * use[m]![i]![k]!;
        if (value < least) {
          least = value;
          positions[i] = k;
        }
      }
      bound += least;
    }
    if (bound > this.best) {
      this.best = bound;
      this.bestPrices = [...prices];
    }
    this.offer(positions);
    this.offer(this.repaired(positions, prices));
    const excess = use.map((uses, m) => {
      let sum = -capacity[m]!;
      for (let i = 0; i < uses.length; i++) sum += uses[i]![positions[i]!]!;
      return sum;
    });
    return { bound, excess };
  }

  offer(positions: Int32Array): void {
    if (!fits(this.knapsack, positions)) return;
    const cost = costOf(this.knapsack, positions);
    if (cost >= this.incumbentCost) return;
    this.incumbentCost = cost;
    this.incumbent = positions;
  }

  /** Goes down the layers once, in each taking the cheapest choice that still leaves the whole within its budgets. */
  repaired(relaxed: Int32Array, prices: readonly number[]): Int32Array {
    const { cost, use, capacity } = this.knapsack;
    const positions = Int32Array.from(relaxed);
    const used = use.map((uses) => uses.reduce((sum, choices, i) => sum + choices[positions[i]!]!, 0));
    const broken = () => used.reduce((sum, value, m) => sum + Math.max(0, value - capacity[m]!), 0);
    for (const i of cost.keys()) {
      let best = positions[i]!;
      let bestScore = Number.POSITIVE_INFINITY;
      const from = positions[i]!;
      const before = broken();
      for (let k = 0; k < cost[i]!.length; k++) {
        for (let m = 0; m < used.length; m++) used[m]! += use[m]![i]![k]! - use[m]![i]![from]!;
        const after = broken();
        let priced = cost[i]![k]!;
        for (let m = 0; m < used.length; m++) {
          priced += prices[m]! * use[m]![i]![k]!;
          used[m]! -= use[m]![i]![k]! - use[m]![i]![from]!;
        }
        // Within the budgets only cost counts; outside, the price of a choice per excess removed.
        const score =
          before === 0
            ? after > 0
              ? Number.POSITIVE_INFINITY
              : cost[i]![k]!
            : after < before
              ? priced + after
              : Number.POSITIVE_INFINITY;
        if (score < bestScore) {
          bestScore = score;
          best = k;
        }
      }
      for (let m = 0; m < used.length; m++) used[m]! += use[m]![i]![best]! - use[m]![i]![from]!;
      positions[i] = best;
    }
    return positions;
  }
}

function bisect(state: Ascent): void {
  if (state.probe([0]).excess[0]! <= 0) return;
  let low = 0;
  let high = Math.max(Math.abs(state.best), Number.MIN_VALUE);
  for (let i = 0; i < 1000 && state.probe([high]).excess[0]! > 0 && high < 1e300; i++) high *= 2;
  for (let i = 0; i < 100 && high - low > 1e-15 * high; i++) {
    const middle = low + (high - low) / 2;
    if (state.probe([middle]).excess[0]! > 0) low = middle;
    else high = middle;
  }
}

function climb(state: Ascent): void {
  let prices = state.knapsack.use.map(() => 0);
  let stride = 1;
  let idle = 0;
  for (let i = 0; i < ITERATIONS; i++) {
    const before = state.best;
    const { bound, excess } = state.probe(prices);
    idle = state.best > before ? 0 : idle + 1;
    if (idle === 10) {
      // Overshooting: go on from the best prices with half the stride.
      stride /= 2;
      idle = 0;
      prices = [...state.bestPrices];
      continue;
    }
    const norm = excess.reduce((sum, value, m) => sum + (prices[m]! > 0 || value > 0 ? value * value : 0), 0);
    if (norm === 0) return;
    const target = Number.isFinite(state.incumbentCost) ? state.incumbentCost : bound + Math.abs(bound) + 1;
    const step = (stride * Math.max(target - bound, 1e-12 * Math.abs(target))) / norm;
    prices = prices.map((price, m) => Math.max(0, price + step * excess[m]!));
  }
}
