import type { Effort } from "./effort.js";
import { type Knapsack, restrict } from "./knapsack.js";
import {
  extendAllocations,
  noAllocation,
  type PartialAllocations,
  selectAllocations,
} from "./partial-allocations.js";

/** What a search of the core starts from. */
export interface CoreStart {
  /** Prices from the Lagrangian relaxation, one per budget. */
  readonly prices: Float64Array;
  /** Cost below which an allocation is worth finding. */
  readonly upperBound: number;
  /**
   * Called with an allocation (position per layer) that seems to keep the budgets and cost less
   * than all before. Returns its cost to the last digit, or undefined when it breaks a budget after
   * all.
   */
  readonly offer: (positions: Int32Array) => number | undefined;
  readonly effort: Effort;
  /**
   * Round uses up and allow nothing for rounding: what is found keeps the budgets, and nothing that
   * breaks one hides it.
   */
  readonly strict: boolean;
  /** Partial allocations kept from layer to layer. */
  readonly width: number;
}

/** What a search of the core ends with. */
export interface CoreEnd {
  readonly upperBound: number;
  /**
   * No allocation costs less than the smaller of this and `upperBound`; Infinity when every
   * allocation was considered.
   */
  readonly lowerBound: number;
}

/** Most entries of history in one search, for memory's sake: 8 bytes each. */
const MAX_HISTORY = 3e7;
/** Proven "up to rounding" means to this part of the cost. */
const ROUNDING = 1e-12;

/**
 * Dynamic programming over the core (after Pisinger, "A minimal algorithm for the multiple-choice
 * knapsack problem", 1995), with any number of budgets. Layers are opened in the order of how
 * undecided the relaxation is about them; all others stay at their choice of the relaxation. Every
 * partial allocation is thus an allocation of the whole, so good ones appear early. Layers whose
 * second choice can no longer pay are never opened. From layer to layer at most `width` partial
 * allocations are kept; the least bound of the others limits what is proven.
 */
export function coreSearch(whole: Knapsack, start: CoreStart): CoreEnd {
  const { effort } = start;
  let { upperBound } = start;
  const hopeful = withoutHopeless(whole, start.prices, upperBound, start.strict ? 0 : 1e-9);
  if (hopeful === undefined) return { upperBound, lowerBound: Number.POSITIVE_INFINITY };
  const knapsack = onGrid(hopeful, upperBound, start.strict);
  const { cost, use, capacity } = knapsack;
  const budgets = use.length;
  const prices = start.prices.map(
    (price, m) => (price * knapsack.costUnit) / knapsack.useUnits[m]!,
  );
  const layers = byIndecision(knapsack, prices);
  const relaxedCost = (j: number) => {
    let sum = cost[j]!;
    for (let m = 0; m < budgets; m++) sum += prices[m]! * use[m]![j]!;
    return sum;
  };
  // What the layers that are not opened yet add, at the relaxation's choice.
  let restCost = 0;
  let restBound = 0;
  const restUse = new Float64Array(budgets);
  for (const { base } of layers) {
    restCost += cost[base]!;
    restBound += relaxedCost(base);
    for (let m = 0; m < budgets; m++) restUse[m]! += use[m]![base]!;
  }
  const offset = prices.reduce((sum, price, m) => sum + price * capacity[m]!, 0);
  const toCost = (value: number) => knapsack.baseCost + value / knapsack.costUnit;
  let target = (upperBound - knapsack.baseCost) * knapsack.costUnit;
  const slackOf = (value: number) =>
    ROUNDING * Math.abs(value + knapsack.baseCost * knapsack.costUnit);

  const history: PartialAllocations[] = [];
  let states = noAllocation(budgets);
  let entries = 0;
  let dropped = Number.POSITIVE_INFINITY;
  const offerAll = (): void => {
    for (let i = 0; i < states.size; i++) {
      if (states.cost[i]! + restCost >= target) continue;
      let inside = true;
      for (let m = 0; m < budgets; m++)
        if (states.use[m]![i]! + restUse[m]! > capacity[m]!) inside = false;
      if (!inside) continue;
      const exact = start.offer(trace(knapsack, layers, history, i));
      if (exact === undefined || exact >= upperBound) continue;
      upperBound = exact;
      target = Math.min(
        states.cost[i]! + restCost,
        (exact - knapsack.baseCost) * knapsack.costUnit,
      );
    }
  };
  offerAll();
  for (const layer of layers) {
    const limit = target - slackOf(target) + offset;
    // Layers ascend by what their second choice costs at the least: when that cannot pay here, it
    // cannot later.
    if (restBound + layer.margin >= limit) break;
    if (effort.expired()) return { upperBound, lowerBound: Math.min(dropped, lowest(states)) };
    restCost -= cost[layer.base]!;
    restBound -= relaxedCost(layer.base);
    for (let m = 0; m < budgets; m++) restUse[m]! -= use[m]![layer.base]!;
    effort.spend(states.size * layer.choices.length);
    states = extendAllocations(states, {
      choices: layer.choices,
      use,
      cost,
      room: capacity,
      limit: limit - restBound,
      prices,
    });
    const width = Math.min(
      start.width,
      Math.max(1, Math.floor((MAX_HISTORY - entries) / layers.length)),
    );
    if (states.size > width) states = narrowed(width);
    history.push({ ...states, use: [], cost: new Float64Array(0) });
    entries += states.size;
    offerAll();
    if (states.size === 0) break;
  }
  return { upperBound, lowerBound: dropped };

  function boundOf(all: PartialAllocations, i: number): number {
    let sum = all.cost[i]!;
    for (let m = 0; m < budgets; m++) sum += prices[m]! * all.use[m]![i]!;
    return sum;
  }
  function lowest(all: PartialAllocations): number {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < all.size; i++) least = Math.min(least, boundOf(all, i));
    return toCost(least + restBound - offset);
  }
  /**
   * Half of the places go by the least bound, which moves what is proven; half to those that fit
   * already and cost least as they are, of which the next improvement is made.
   */
  function narrowed(width: number): PartialAllocations {
    const bounds = new Float64Array(states.size);
    const whole = new Float64Array(states.size).fill(Number.POSITIVE_INFINITY);
    for (let i = 0; i < bounds.length; i++) {
      bounds[i] = boundOf(states, i);
      let inside = true;
      for (let m = 0; m < budgets; m++)
        if (states.use[m]![i]! + restUse[m]! > capacity[m]!) inside = false;
      if (inside) whole[i] = states.cost[i]!;
    }
    const half = width >> 1;
    const keep = leastOf(bounds, width - half);
    for (let i = 0; i < whole.length; i++) if (keep[i] === 1) whole[i] = Number.POSITIVE_INFINITY;
    for (const [i, chosen] of leastOf(whole, half).entries())
      if (chosen === 1 && whole[i] !== Number.POSITIVE_INFINITY) keep[i] = 1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < bounds.length; i++) if (keep[i] === 0) least = Math.min(least, bounds[i]!);
    dropped = Math.min(dropped, toCost(least + restBound - offset));
    return selectAllocations(states, (i) => keep[i] === 1);
  }
}

/** Marks the `count` least values; of equal ones the first. */
function leastOf(values: Float64Array, count: number): Uint8Array {
  const marks = new Uint8Array(values.length);
  const sorted = Float64Array.from(values).sort();
  const threshold = sorted[count - 1] ?? Number.NEGATIVE_INFINITY;
  let equals = count;
  for (let i = 0; i < count; i++) if (sorted[i]! < threshold) equals--;
  for (let i = 0; i < values.length; i++)
    if (values[i]! < threshold || (values[i] === threshold && equals-- > 0)) marks[i] = 1;
  return marks;
}

interface GridKnapsack extends Knapsack {
  /** Grid steps in a unit of cost, a power of two. */
  readonly costUnit: number;
  readonly useUnits: readonly number[];
}

/**
 * Costs and uses as whole numbers, so that sums do not depend on the order of addition: equal
 * layers then make equal sums. The grid is as fine as sums below 2^51 allow.
 */
function onGrid(knapsack: Knapsack, upperBound: number, strict: boolean): GridKnapsack {
  const layers = knapsack.first.length - 1;
  const mostOf = (row: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < layers; i++) {
      let most = 0;
      for (let j = knapsack.first[i]!; j < knapsack.first[i + 1]!; j++)
        most = Math.max(most, row[j]!);
      sum += most;
    }
    return sum;
  };
  const unitFor = (range: number) =>
    range > 0 && range < Number.MAX_VALUE
      ? 2 ** Math.min(1000, 50 - Math.ceil(Math.log2(range)))
      : 1;
  const costUnit = unitFor(Math.min(mostOf(knapsack.cost), upperBound - knapsack.baseCost));
  const useUnits = knapsack.use.map((row, m) =>
    unitFor(Math.min(mostOf(row), knapsack.capacity[m]!) || mostOf(row)),
  );
  return {
    ...knapsack,
    cost: knapsack.cost.map((value) => Math.round(value * costUnit)),
    use: knapsack.use.map((row, m) =>
      row.map((value) => (strict ? Math.ceil : Math.round)(value * useUnits[m]!)),
    ),
    // Room for rounding; what uses it is checked by whoever is offered it.
    capacity: knapsack.capacity.map((value, m) => {
      const room = Math.max(0, value) * useUnits[m]!;
      return strict ? room : room + layers + 1e-12 * useUnits[m]!;
    }),
    costUnit,
    useUnits,
  };
}

/**
 * Without the choices that the relaxation proves to be in no allocation cheaper than `upperBound`;
 * undefined when none is left.
 */
function withoutHopeless(
  whole: Knapsack,
  prices: Float64Array,
  upperBound: number,
  slack: number,
): Knapsack | undefined {
  const { first, cost, use, capacity } = whole;
  const priced = Float64Array.from(cost, (value, j) =>
    prices.reduce((sum, price, m) => sum + price * use[m]![j]!, value),
  );
  let bound = whole.baseCost - prices.reduce((sum, price, m) => sum + price * capacity[m]!, 0);
  const least = new Float64Array(priced.length);
  for (let i = 0; i + 1 < first.length; i++) {
    let lowest = Number.POSITIVE_INFINITY;
    for (let j = first[i]!; j < first[i + 1]!; j++) lowest = Math.min(lowest, priced[j]!);
    least.fill(lowest, first[i]!, first[i + 1]!);
    bound += lowest;
  }
  const limit = upperBound - ROUNDING * Math.abs(upperBound);
  return restrict(
    whole,
    (j) =>
      (upperBound === Number.POSITIVE_INFINITY || bound + priced[j]! - least[j]! < limit) &&
      capacity.every((value, m) => use[m]![j]! <= value + slack),
  );
}

interface CoreLayer {
  readonly index: number;
  /** Flat index of the relaxation's choice. */
  readonly base: number;
  readonly choices: readonly number[];
  /** What the second best choice costs more than the best, prices included. */
  readonly margin: number;
}

function byIndecision(knapsack: Knapsack, prices: Float64Array): CoreLayer[] {
  const { first, cost, use } = knapsack;
  const layers: CoreLayer[] = [];
  for (let index = 0; index + 1 < first.length; index++) {
    const priced: [number, number][] = [];
    for (let j = first[index]!; j < first[index + 1]!; j++)
      priced.push([prices.reduce((sum, price, m) => sum + price * use[m]![j]!, cost[j]!), j]);
    priced.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    layers.push({
      index,
      base: priced[0]![1],
      choices: priced.map(([, j]) => j),
      margin: (priced[1]?.[0] ?? Number.POSITIVE_INFINITY) - priced[0]![0],
    });
  }
  return layers.sort((a, b) => (a.margin === b.margin ? a.index - b.index : a.margin - b.margin));
}

function trace(
  knapsack: Knapsack,
  layers: readonly CoreLayer[],
  history: readonly PartialAllocations[],
  index: number,
): Int32Array {
  const positions = new Int32Array(layers.length);
  for (const layer of layers) positions[layer.index] = knapsack.position[layer.base]!;
  let at = index;
  for (let depth = history.length - 1; depth >= 0; depth--) {
    positions[layers[depth]!.index] = knapsack.position[history[depth]!.choice[at]!]!;
    at = history[depth]!.parent[at]!;
  }
  return positions;
}
