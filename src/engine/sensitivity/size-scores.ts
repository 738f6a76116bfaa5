import type { ModelSpec } from "../../model/layer-spec.js";

/**
 * Scores when sensitivity is not to be looked at: small layers first, a wide format costs least
 * there. 0 to 1.
 */
export function sizeScores(model: ModelSpec): ReadonlyMap<string, number> {
  const least = model.layers.reduce(
    (min, layer) => Math.min(min, layer.parameterCount + 1),
    Infinity,
  );
  return new Map(model.layers.map((layer) => [layer.name, least / (layer.parameterCount + 1)]));
}
