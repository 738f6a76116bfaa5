import type { SearchRules } from "./contract.js";

/**
 * What variation moves as a whole: the layers of a tie together, at the place of the first of them,
 * every other layer alone. In model order; worked out once for each set of rules.
 */
export function layerUnits(rules: SearchRules): readonly (readonly string[])[] {
  let units = known.get(rules);
  if (units === undefined) {
    const tied = new Map(rules.ties.flatMap((tie) => tie.map((name) => [name, tie] as const)));
    const order = new Map([...rules.layers.keys()].map((name, at) => [name, at]));
    const first = (tie: readonly string[]) =>
      tie.reduce((least, name) => (order.get(name)! < order.get(least)! ? name : least));
    units = [...rules.layers.keys()].flatMap((name) => {
      const tie = tied.get(name);
      if (tie === undefined) return [[name]];
      return first(tie) === name ? [tie] : [];
    });
    known.set(rules, units);
  }
  return units;
}

const known = new WeakMap<SearchRules, readonly (readonly string[])[]>();

/** Parameters of a unit, at least 1. */
export function unitParameters(unit: readonly string[], rules: SearchRules): number {
  return Math.max(
    1,
    unit.reduce((sum, name) => sum + (rules.parameterCounts.get(name) ?? 0), 0),
  );
}

/** Score of a unit: the sum over its layers; a layer that is missing counts as 0. */
export function unitScore(unit: readonly string[], scores: ReadonlyMap<string, number>): number {
  return unit.reduce((sum, name) => sum + (scores.get(name) ?? 0), 0);
}
