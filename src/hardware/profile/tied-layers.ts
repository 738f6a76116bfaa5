import type { ModelSpec } from "../../model/layer-spec.js";
import { tiedUnits } from "../../model/units.js";
import { modelWiring } from "./model-wiring.js";
import type { HardwareProfile } from "./profile-schema.js";

/**
 * Groups of layers that must have equal settings on a target. Its runtime either merges their
 * products, because they read the same tensor (q/k/v, gate/up), or adds their outputs (the
 * convolutions along a residual stream). Overlapping groups count as one. A target that does
 * neither has no groups.
 * @returns layer names in model order, each in at most one group, no group smaller than two
 * @throws InvalidArgumentError or InvalidDataError when the model is not valid
 */
export function tiedLayers(
  model: ModelSpec,
  profile: HardwareProfile,
): readonly (readonly string[])[] {
  const { fusion } = profile;
  if (fusion === undefined || (!fusion.sharedInput && !fusion.tiesAdditionInputs)) return [];
  const { layers, leaders, added } = modelWiring(model);
  const merged = fusion.sharedInput
    ? leaders.flatMap((leader, index) => (leader >= 0 ? [[leader, index]] : []))
    : [];
  // Only layers with weights have settings that matter. An embedding has a format of its own.
  const summed = fusion.tiesAdditionInputs
    ? added.map((group) =>
        group.filter((index) => {
          const layer = layers[index];
          return layer !== undefined && layer.parameterCount > 0 && layer.kind !== "embedding";
        }),
      )
    : [];
  return tiedUnits(layers.keys(), [...merged, ...summed])
    .filter((unit) => unit.length > 1)
    .map((unit) => unit.map((index) => layers[index]!.name));
}
