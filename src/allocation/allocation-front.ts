import {
  type AllocationProblem,
  checkAllocationProblem,
  checkObjectives,
  totalOf,
} from "./allocation-problem.js";
import { emptyState, extendStates, type ParetoStates, traceChoices } from "./pareto-states.js";
import { layerChoices, superLayers } from "./super-layers.js";

/** One point of a front. */
export interface AllocationPoint {
  /** Choice index of every layer; a new array each time it is read. */
  readonly choice: number[];
  /** Sums of the two objectives. */
  readonly values: number[];
}

/**
 * The exact front of two metrics, both minimised: every non-dominated pair of sums once, ascending
 * by the first, each with one allocation that reaches it. Dynamic programming over layers keeps the
 * non-dominated partial sums (Nemhauser and Ullmann, 1969); time and memory grow with their number.
 * For metrics on a grid, such as bytes, that is the size of the front. For two arbitrary real
 * metrics it can grow exponentially. Sums are those in layer order, to the last bit; with ties, a
 * point may be missing that another beats but for rounding (10^-12).
 * @throws InvalidArgumentError when the problem is not valid or lacks a metric
 * @example
 * ```ts
 * import { allocationFront } from "quantevo";
 *
 * const problem = {
 *   layers: [{ name: "a", choices: [{ omega: 4, sizeMb: 1 }, { omega: 1, sizeMb: 2 }] }],
 *   ties: [],
 * };
 * allocationFront(problem, { objectives: ["omega", "sizeMb"] }).length; // 2
 * ```
 */
export function allocationFront(
  problem: AllocationProblem,
  options: { readonly objectives: readonly [string, string] },
): AllocationPoint[] {
  checkObjectives(options);
  checkAllocationProblem(problem, options.objectives);
  const layers = superLayers(problem, options.objectives);
  const history: ParetoStates[] = [];
  let states = emptyState();
  for (const layer of layers) {
    states = extendStates(
      states,
      layer.choices.map((choice) => choice.values[0]!),
      layer.choices.map((choice) => choice.values[1]!),
    );
    history.push(states);
  }
  const tied = layers.length < problem.layers.length;
  const points = Array.from(states.a, (first, i): AllocationPoint => {
    const point = {
      // A front may have hundreds of thousands of points: what leads to one is traced when it is
      // asked for.
      get choice() {
        return layerChoices(layers, traceChoices(history, i));
      },
      values: [first, states.b[i]!],
    };
    if (tied)
      point.values = options.objectives.map((metric) => totalOf(problem, point.choice, metric));
    return point;
  });
  // Sums in layer order can differ in the last place from those of joined layers: sort and filter
  // once more.
  if (!tied) return points;
  points.sort((p, q) => p.values[0]! - q.values[0]! || p.values[1]! - q.values[1]!);
  let least = Number.POSITIVE_INFINITY;
  return points.filter((point) => {
    if (point.values[1]! >= least) return false;
    least = point.values[1]!;
    return true;
  });
}
