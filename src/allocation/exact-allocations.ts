import { type AllocationProblem, checkAllocationProblem } from "./allocation-problem.js";
import { emptyState, extendStates, type ParetoStates, traceChoices } from "./pareto-states.js";
import { layerChoices, superLayers } from "./super-layers.js";
import { supportedAllocations } from "./supported-allocations.js";

/** Partial fronts larger than this are given up: seeding must stay cheap. */
const MAX_STATES = 20_000;

/**
 * Allocations known to be on the front of two or more metrics, without repetition, to begin a search with: first those on its
 * convex hull ({@link supportedAllocations}), and when these are fewer than `count`, points spread evenly over
 * the exact front of each pair of metrics, where that is small enough to compute.
 * @param options.objectives two metrics or more
 * @param options.count most allocations, a positive integer
 * @throws InvalidArgumentError when the problem is not valid or lacks a metric, or `count` or `objectives` is out of range
 */
export function exactAllocations(
  problem: AllocationProblem,
  options: { readonly objectives: readonly string[]; readonly count: number },
): number[][] {
  const { objectives, count } = options;
  checkAllocationProblem(problem, objectives);
  const found = new Map(supportedAllocations(problem, options).map((choice) => [choice.join(), choice]));
  const pairs = objectives.flatMap((a, i) => objectives.slice(i + 1).map((b) => [a, b] as const));
  for (const [at, pair] of pairs.entries()) {
    const room = Math.floor((count - found.size) / (pairs.length - at));
    if (room === 0) continue;
    for (const choice of spreadOverFront(problem, pair, room)) found.set(choice.join(), choice);
  }
  return [...found.values()];
}

function spreadOverFront(
  problem: AllocationProblem,
  pair: readonly [string, string],
  count: number,
): number[][] {
  const layers = superLayers(problem, pair);
  const history: ParetoStates[] = [];
  let states = emptyState();
  for (const layer of layers) {
    states = extendStates(
      states,
      layer.choices.map((choice) => choice.values[0]!),
      layer.choices.map((choice) => choice.values[1]!),
    );
    if (states.a.length > MAX_STATES) return [];
    history.push(states);
  }
  const size = states.a.length;
  const picks = Math.min(count, size);
  return Array.from({ length: picks }, (_, i) =>
    layerChoices(layers, traceChoices(history, picks === 1 ? 0 : Math.round((i * (size - 1)) / (picks - 1)))),
  );
}
