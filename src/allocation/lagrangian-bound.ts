import { ascendDual } from "./ascend-dual.js";
import { CAPACITY_SLACK, costOf, fits, type Knapsack } from "./knapsack.js";

/** What relaxing the budgets gives. */
export interface LagrangianBound {
  /** No allocation that keeps the budgets costs less. */
  readonly lowerBound: number;
  /** Price of each budget, at least 0, that gives the bound. */
  readonly prices: Float64Array;
  /**
   * The cheapest allocation met that keeps the budgets, as flat indices; undefined when none was
   * met.
   */
  readonly incumbent: Int32Array | undefined;
}

/**
 * Lagrangian relaxation (Everett 1963; Shoham and Gersho 1988 for bit allocation): budgets become
 * prices, each layer then decides alone, and the best prices give a lower bound. One budget:
 * bisection on its price; several: first each alone, then all by the ellipsoid method. Allocations
 * met on the way that keep the budgets, as they are or repaired, are remembered.
 * @param expired true ends the ascent with the best bound so far, but not before a few dozen steps:
 *   without those there is no answer worth having
 */
export function lagrangianBound(knapsack: Knapsack, expired: () => boolean): LagrangianBound {
  const relaxation = new Relaxation(knapsack);
  const over = () => relaxation.probes >= LEAST_PROBES && expired();
  const budgets = knapsack.use.length;
  // Each budget alone: often the others then hold as well, and if not, their prices are of this
  // order.
  const scales = new Float64Array(budgets);
  for (let m = 0; m < budgets; m++) {
    const { price, excess } = bisect(relaxation, m, over);
    if (excess.every((value) => value <= 0)) break;
    scales[m] = Math.max(price, relaxation.scale * 1e-9);
    if (m > 0 && m === budgets - 1)
      ascendDual(scales, relaxation.best, (prices) => relaxation.probe(prices), over);
  }
  return {
    lowerBound: relaxation.best,
    prices: relaxation.bestPrices,
    incumbent: relaxation.incumbent,
  };
}

/** Enough for a fair bound; milliseconds for thousands of layers. */
const LEAST_PROBES = 40;
const REPAIR_EVERY = 8;

class Relaxation {
  probes = 0;
  best = Number.NEGATIVE_INFINITY;
  bestPrices: Float64Array;
  incumbent: Int32Array | undefined;
  #incumbentCost = Number.POSITIVE_INFINITY;
  /**
   * The order of magnitude of prices: all cost that there is to save, for all room that there is.
   */
  readonly scale: number;
  readonly #chosen: Int32Array;

  constructor(readonly knapsack: Knapsack) {
    const { first, cost } = knapsack;
    this.bestPrices = new Float64Array(knapsack.use.length);
    this.#chosen = new Int32Array(first.length - 1);
    let range = 0;
    for (let i = 0; i < this.#chosen.length; i++) {
      let most = 0;
      for (let j = first[i]!; j < first[i + 1]!; j++) most = Math.max(most, cost[j]!);
      range += most;
    }
    this.scale = range || 1;
    // The least use of a budget: with one budget it always fits.
    for (const row of knapsack.use) this.#offer(this.#chosen.map((_, i) => leastOf(row, first, i)));
  }

  /** Bound at some prices, and by how much the relaxed allocation breaks each budget. */
  probe(prices: Float64Array): { bound: number; excess: Float64Array } {
    const { first, cost, use, capacity, baseCost } = this.knapsack;
    const chosen = this.#chosen;
    this.probes++;
    const excess = new Float64Array(use.length);
    let bound = baseCost;
    for (let m = 0; m < use.length; m++) {
      bound -= prices[m]! * capacity[m]!;
      excess[m] = -capacity[m]!;
    }
    for (let i = 0; i < chosen.length; i++) {
      let least = Number.POSITIVE_INFINITY;
      let at = 0;
      for (let j = first[i]!; j < first[i + 1]!; j++) {
        let value = cost[j]!;
        for (let m = 0; m < use.length; m++) value += prices[m]! * use[m]![j]!;
        if (value < least) {
          least = value;
          at = j;
        }
      }
      chosen[i] = at;
      bound += least;
      for (let m = 0; m < use.length; m++) excess[m]! += use[m]![at]!;
    }
    if (bound > this.best) {
      this.best = bound;
      this.bestPrices = Float64Array.from(prices);
    }
    this.#offer(chosen);
    // Repair costs as much as several probes.
    if (this.probes % REPAIR_EVERY === 0 || this.probes < LEAST_PROBES)
      this.#offer(this.#repaired(chosen, prices, excess));
    return { bound, excess };
  }

  #offer(chosen: Int32Array): void {
    const cost = costOf(this.knapsack, chosen);
    if (cost >= this.#incumbentCost || !fits(this.knapsack, chosen)) return;
    this.#incumbentCost = cost;
    this.incumbent = Int32Array.from(chosen);
  }

  /**
   * Goes down the layers once, in each taking the cheapest choice that still leaves the whole
   * within its budgets.
   */
  #repaired(relaxed: Int32Array, prices: Float64Array, excess: Float64Array): Int32Array {
    const { first, cost, use } = this.knapsack;
    const chosen = Int32Array.from(relaxed);
    const over = Float64Array.from(excess);
    const slack = CAPACITY_SLACK / 2;
    const broken = (j: number, from: number) => {
      let sum = 0;
      for (let m = 0; m < use.length; m++)
        sum += Math.max(0, over[m]! - slack + use[m]![j]! - use[m]![from]!);
      return sum;
    };
    for (let i = 0; i < chosen.length; i++) {
      const from = chosen[i]!;
      const before = broken(from, from);
      let best = from;
      let bestScore = Number.POSITIVE_INFINITY;
      for (let j = first[i]!; j < first[i + 1]!; j++) {
        const after = broken(j, from);
        // Within the budgets only cost counts; outside, what a choice costs at the prices, per
        // excess removed.
        if (before === 0 ? after > 0 : after >= before) continue;
        let score = cost[j]!;
        if (before > 0) {
          for (let m = 0; m < use.length; m++) score += prices[m]! * (use[m]![j]! - use[m]![from]!);
          score = (score - cost[from]!) / (before - after);
        }
        if (score < bestScore) {
          bestScore = score;
          best = j;
        }
      }
      for (let m = 0; m < use.length; m++) over[m]! += use[m]![best]! - use[m]![from]!;
      chosen[i] = best;
    }
    return chosen;
  }
}

function leastOf(row: Float64Array, first: Int32Array, layer: number): number {
  let at = first[layer]!;
  for (let j = at; j < first[layer + 1]!; j++) if (row[j]! < row[at]!) at = j;
  return at;
}

/**
 * The price of one budget, all others free, that gives the best bound, and what the relaxation does
 * at it.
 */
function bisect(
  relaxation: Relaxation,
  budget: number,
  expired: () => boolean,
): { price: number; excess: Float64Array } {
  const probe = (price: number) => {
    const prices = new Float64Array(relaxation.knapsack.use.length);
    prices[budget] = price;
    return relaxation.probe(prices).excess;
  };
  let excess = probe(0);
  if (excess[budget]! <= 0) return { price: 0, excess };
  let low = 0;
  let high = relaxation.scale;
  excess = probe(high);
  for (let i = 0; i < 1000 && excess[budget]! > 0 && high < 1e300 && !expired(); i++) {
    high *= 2;
    excess = probe(high);
  }
  for (let i = 0; i < 100 && high - low > 1e-15 * high && !expired(); i++) {
    const middle = low + (high - low) / 2;
    const there = probe(middle);
    if (there[budget]! > 0) low = middle;
    else {
      high = middle;
      excess = there;
    }
  }
  return { price: high, excess };
}
