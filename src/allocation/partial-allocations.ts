import { Stairs } from "./stairs.js";

/**
 * Allocations of some of the layers under one or more budgets: sums of uses and cost, and where
 * each came from. Ascending by the first use, equal ones by cost.
 */
export interface PartialAllocations {
  readonly size: number;
  /** Per budget. */
  readonly use: readonly Float64Array[];
  readonly cost: Float64Array;
  /** Index into the partial allocations of one layer less. */
  readonly parent: Int32Array;
  /** Flat index of the choice that was added. */
  readonly choice: Int32Array;
}

/** Allocations of no layer: one, of no use and no cost. */
export function noAllocation(budgets: number): PartialAllocations {
  return {
    size: 1,
    use: Array.from({ length: budgets }, () => new Float64Array(1)),
    cost: new Float64Array(1),
    parent: new Int32Array(1),
    choice: new Int32Array(1),
  };
}

/** What one more layer may add. */
export interface Extension {
  /** Flat indices of the layer's choices. */
  readonly choices: readonly number[];
  /** Per budget: use of each flat index. */
  readonly use: readonly Float64Array[];
  readonly cost: Float64Array;
  /** Most use of each budget that can still end well. */
  readonly room: Float64Array;
  /** Cost plus priced use from which on no better allocation can come. */
  readonly limit: number;
  readonly prices: Float64Array;
}

/**
 * All partial allocations with one more layer. Left out are those that have no room or pass the
 * limit, and those that another one beats or equals in cost and all uses (with three budgets and
 * more only some of these). A merge of one list for each choice: adding the same to all keeps the
 * order.
 */
export function extendAllocations(from: PartialAllocations, layer: Extension): PartialAllocations {
  const { choices, room, limit, prices, use: uses, cost: costs } = layer;
  const budgets = room.length;
  const capacity = from.size * choices.length;
  const use = Array.from({ length: budgets }, () => new Float64Array(capacity));
  const cost = new Float64Array(capacity);
  const parent = new Int32Array(capacity);
  const choice = new Int32Array(capacity);
  const heads = new Int32Array(choices.length);
  const front = Float64Array.from(choices, (j) => from.use[0]![0]! + uses[0]![j]!);
  const sums = new Float64Array(budgets);
  const stairs = budgets === 2 ? new Stairs() : undefined;
  let least = Number.POSITIVE_INFINITY;
  let size = 0;
  for (;;) {
    let pick = -1;
    let lowest = Number.POSITIVE_INFINITY;
    for (let k = 0; k < front.length; k++) {
      const sum = front[k]!;
      if (sum > lowest || sum === Number.POSITIVE_INFINITY) continue;
      if (sum === lowest) {
        const [a, b] = [
          from.cost[heads[k]!]! + costs[choices[k]!]!,
          from.cost[heads[pick]!]! + costs[choices[pick]!]!,
        ];
        if (a >= b) continue;
      }
      pick = k;
      lowest = sum;
    }
    // The first use only rises from here.
    if (pick < 0 || lowest > room[0]!) break;
    const head = heads[pick]!++;
    const j = choices[pick]!;
    front[pick] =
      head + 1 < from.size ? from.use[0]![head + 1]! + uses[0]![j]! : Number.POSITIVE_INFINITY;
    const spent = from.cost[head]! + costs[j]!;
    let priced = spent;
    let inside = true;
    for (let m = 0; m < budgets; m++) {
      const sum = from.use[m]![head]! + uses[m]![j]!;
      sums[m] = sum;
      priced += prices[m]! * sum;
      if (sum > room[m]!) inside = false;
    }
    if (!inside || priced >= limit) continue;
    if (budgets === 1) {
      if (spent >= least) continue;
      least = spent;
    } else if (stairs !== undefined) {
      if (!stairs.insert(sums[1]!, spent)) continue;
    } else if (isBeaten(use, cost, size, sums, spent)) continue;
    for (let m = 0; m < budgets; m++) use[m]![size] = sums[m]!;
    cost[size] = spent;
    parent[size] = head;
    choice[size] = j;
    size++;
  }
  return { size, use, cost, parent, choice };
}

/** How many of the latest are compared with three budgets and more. */
const LOOK_BACK = 16;

function isBeaten(
  use: readonly Float64Array[],
  cost: Float64Array,
  size: number,
  sums: Float64Array,
  spent: number,
): boolean {
  for (let i = size - 1; i >= Math.max(0, size - LOOK_BACK); i--) {
    let beaten = cost[i]! <= spent;
    for (let m = 1; beaten && m < sums.length; m++) beaten = use[m]![i]! <= sums[m]!;
    if (beaten) return true;
  }
  return false;
}

/** Those partial allocations that `keep` accepts by index, in order, in arrays of their own. */
export function selectAllocations(
  all: PartialAllocations,
  keep: (index: number) => boolean,
): PartialAllocations {
  const kept = new Int32Array(all.size);
  let size = 0;
  for (let i = 0; i < all.size; i++) if (keep(i)) kept[size++] = i;
  const floats = (row: Float64Array) => {
    const picked = new Float64Array(size);
    for (let i = 0; i < size; i++) picked[i] = row[kept[i]!]!;
    return picked;
  };
  const integers = (row: Int32Array) => {
    const picked = new Int32Array(size);
    for (let i = 0; i < size; i++) picked[i] = row[kept[i]!]!;
    return picked;
  };
  return {
    size,
    use: all.use.map(floats),
    cost: floats(all.cost),
    parent: integers(all.parent),
    choice: integers(all.choice),
  };
}
