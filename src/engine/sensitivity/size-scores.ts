import type { ModelSpec } from "../../model/layer-spec.js";

/**
 * Scores that replace sensitivities when `useSensitivityAnalysis` is false. Smaller layers score
 * higher, because a wide format costs least there.
 * @returns above 0 and at most 1, by layer name
 */
export function sizeScores(model: ModelSpec): ReadonlyMap<string, number> {
  const least = model.layers.reduce(
    (min, layer) => Math.min(min, layer.parameterCount + 1),
    Infinity,
  );
  return new Map(model.layers.map((layer) => [layer.name, least / (layer.parameterCount + 1)]));
}
