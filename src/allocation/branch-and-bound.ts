import { CAPACITY_SLACK, type Knapsack } from "./knapsack.js";
import { reducedCosts } from "./reduced-costs.js";
import type { SearchEnd, SearchStart } from "./search.js";

const NODES_PER_CLOCK = 4096;

/**
 * The optimum under several budgets: depth-first branch and bound. Layers in which the relaxation is surest come
 * first, choices by reduced cost; a branch ends when it no longer fits or when its Lagrangian bound reaches the
 * best cost so far. Memory grows with the number of layers only.
 */
export function branchAndBound(knapsack: Knapsack, start: SearchStart): SearchEnd {
  const layers = orderedLayers(knapsack, start.prices);
  const depthCount = layers.length;
  const budgets = knapsack.capacity.length;
  const remaining = new Float64Array(depthCount + 1);
  for (let d = depthCount - 1; d >= 0; d--) remaining[d] = remaining[d + 1]! + layers[d]!.reduced[0]!;
  const offset = start.prices.reduce((sum, price, m) => sum + price * knapsack.capacity[m]!, 0);

  const at = new Int32Array(depthCount).fill(-1);
  const spent = new Float64Array(depthCount + 1);
  const used = new Float64Array((depthCount + 1) * budgets);
  let upperBound = start.upperBound;
  let best: Int32Array | undefined;
  let nodes = 0;
  let depth = 0;
  while (depth >= 0) {
    if (depth === depthCount) {
      const cost = layers.reduce((sum, layer, d) => sum + layer.cost[at[d]!]!, 0);
      if (cost < upperBound) {
        const positions = new Int32Array(depthCount);
        for (const [d, layer] of layers.entries()) positions[layer.index] = layer.position[at[d]!]!;
        if (start.accepts(positions)) {
          upperBound = cost;
          best = positions;
        }
      }
      depth--;
      continue;
    }
    if (++nodes % NODES_PER_CLOCK === 0 && start.expired()) return { found: best, complete: false };
    const layer = layers[depth]!;
    const k = at[depth]! + 1;
    // Choices ascend by reduced cost: when one is too expensive, so is all that follows.
    const bound =
      k < layer.cost.length ? spent[depth]! + layer.reduced[k]! + remaining[depth + 1]! - offset : Infinity;
    if (bound >= upperBound) {
      at[depth] = -1;
      depth--;
      continue;
    }
    at[depth] = k;
    let room = true;
    for (let m = 0; m < budgets; m++) {
      const use = used[depth * budgets + m]! + layer.use[m]![k]!;
      used[(depth + 1) * budgets + m] = use;
      if (use > knapsack.capacity[m]! + CAPACITY_SLACK) room = false;
    }
    if (!room) continue;
    spent[depth + 1] = spent[depth]! + layer.reduced[k]!;
    depth++;
  }
  return { found: best, complete: true };
}

interface OrderedLayer {
  readonly index: number;
  /** Positions among the layer's choices, by reduced cost; the arrays below are in that order. */
  readonly position: readonly number[];
  readonly reduced: readonly number[];
  readonly cost: readonly number[];
  readonly use: readonly (readonly number[])[];
}

function orderedLayers(knapsack: Knapsack, prices: readonly number[]): OrderedLayer[] {
  const { perChoice } = reducedCosts(knapsack, prices);
  const layers = perChoice.map((reduced, index) => {
    const position = [...reduced.keys()].sort((a, b) => reduced[a]! - reduced[b]! || a - b);
    return {
      index,
      position,
      reduced: position.map((k) => reduced[k]!),
      cost: position.map((k) => knapsack.cost[index]![k]!),
      use: knapsack.use.map((use) => position.map((k) => use[index]![k]!)),
    };
  });
  const margin = (layer: OrderedLayer) => (layer.reduced[1] ?? Infinity) - layer.reduced[0]!;
  return layers.sort((a, b) => {
    const [x, y] = [margin(a), margin(b)];
    return x === y ? a.index - b.index : y > x ? 1 : -1;
  });
}
