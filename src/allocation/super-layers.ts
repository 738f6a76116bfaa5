import { tiedUnits } from "../model/units.js";
import type { AllocationProblem } from "./allocation-problem.js";

/** One choice of a {@link SuperLayer}. */
export interface SuperChoice {
  /** Index among the choices of each member. */
  readonly index: number;
  /** One sum over the members for each metric asked for. */
  readonly values: readonly number[];
}

/** Layers that are tied together, as one. */
export interface SuperLayer {
  /** Indices of the layers, ascending. */
  readonly members: readonly number[];
  readonly choices: readonly SuperChoice[];
}

/**
 * Joins tied layers; ties that share a layer join as well. Drops choices that another choice of the
 * same layer beats or equals in every metric asked for: no optimum and no front value needs them.
 * Of equals the first stays.
 */
export function superLayers(problem: AllocationProblem, metrics: readonly string[]): SuperLayer[] {
  return tieGroups(problem).map((members) => {
    const count = problem.layers[members[0]!]!.choices.length;
    const choices: SuperChoice[] = Array.from({ length: count }, (_, index) => ({
      index,
      values: metrics.map((metric) =>
        members.reduce((sum, member) => sum + problem.layers[member]!.choices[index]![metric]!, 0),
      ),
    }));
    return {
      members,
      choices: choices.filter((choice) => !choices.some((other) => replaces(other, choice))),
    };
  });
}

/** The choice of every layer, from the choice (position in `choices`) of every super-layer. */
export function layerChoices(
  layers: readonly SuperLayer[],
  positions: ArrayLike<number>,
): number[] {
  const choice: number[] = [];
  for (const [i, layer] of layers.entries())
    for (const member of layer.members) choice[member] = layer.choices[positions[i]!]!.index;
  return choice;
}

function replaces(a: SuperChoice, b: SuperChoice): boolean {
  if (a === b || !a.values.every((value, k) => value <= b.values[k]!)) return false;
  return a.index < b.index || a.values.some((value, k) => value < b.values[k]!);
}

/**
 * Indices of the layers that take one choice together, group by group. A layer without a tie is a
 * group of its own.
 */
export function tieGroups(problem: AllocationProblem): readonly (readonly number[])[] {
  return tiedUnits(problem.layers.keys(), problem.ties ?? []);
}
