import { SeenGenomes } from "../search/seen-genomes.js";
import { type AllocationProblem, checkAllocationProblem } from "./allocation-problem.js";
import { emptyState, extendStates, type ParetoStates, traceChoices } from "./pareto-states.js";
import { layerChoices, type SuperLayer, superLayers } from "./super-layers.js";
import { checkFrontQuestion, supportedPositions } from "./supported-allocations.js";

/**
 * Partial fronts larger than this are given up, and those of many layers earlier: seeding must stay
 * cheap.
 */
const MAX_STATES = 20_000;
/** Most states of all layers together. */
const MOST_IN_ALL = 4_000_000;

/**
 * Allocations known to be on the front of two or more metrics, without repetition, to begin a
 * search with. First come those on its convex hull. When these are fewer than `count`, points
 * follow that are spread evenly over the exact front of each pair of metrics, where that is small
 * enough to compute.
 * @param options.objectives two metrics or more
 * @param options.count most allocations, a positive integer
 * @throws InvalidArgumentError when the problem is not valid or lacks a metric, or `count` or
 *   `objectives` is out of range
 */
export function exactAllocations(
  problem: AllocationProblem,
  options: { readonly objectives: readonly string[]; readonly count: number },
): number[][] {
  const { objectives, count } = options;
  checkFrontQuestion(options);
  checkAllocationProblem(problem, objectives);
  const layers = superLayers(problem, objectives);
  return exactPositions(layers, objectives.length, count).map((found) =>
    layerChoices(layers, found),
  );
}

/**
 * {@link exactAllocations} on layers that are joined and checked: positions among the choices of
 * each.
 */
export function exactPositions(
  layers: readonly SuperLayer[],
  metrics: number,
  count: number,
): Uint16Array[] {
  const found = supportedPositions(layers, metrics, count);
  if (found.length >= count) return found;
  const seen = new SeenGenomes(layers.length);
  for (const positions of found) seen.add(positions);
  const pairs: [number, number][] = [];
  for (let a = 0; a < metrics; a++) for (let b = a + 1; b < metrics; b++) pairs.push([a, b]);
  for (const [at, [a, b]] of pairs.entries()) {
    const room = Math.floor((count - found.length) / (pairs.length - at));
    for (const positions of room === 0 ? [] : spreadOverFront(layers, a, b, room))
      if (seen.add(positions)) found.push(positions);
  }
  return found;
}

function spreadOverFront(
  layers: readonly SuperLayer[],
  a: number,
  b: number,
  count: number,
): Uint16Array[] {
  const history: ParetoStates[] = [];
  const most = Math.min(MAX_STATES, MOST_IN_ALL / layers.length);
  let states = emptyState();
  for (const layer of layers) {
    states = extendStates(
      states,
      layer.choices.map((choice) => choice.values[a]!),
      layer.choices.map((choice) => choice.values[b]!),
    );
    if (states.a.length > most) return [];
    history.push(states);
  }
  const size = states.a.length;
  const picks = Math.min(count, size);
  return Array.from({ length: picks }, (_, i) =>
    Uint16Array.from(
      traceChoices(history, picks === 1 ? 0 : Math.round((i * (size - 1)) / (picks - 1))),
    ),
  );
}
