import type { ModelSpec } from "../../model/layer-spec.js";
import { modelWiring } from "./model-wiring.js";
import type { HardwareProfile } from "./profile-schema.js";

/**
 * Groups of layers that must have equal settings on a target: products that its runtime merges
 * because they read the same tensor (q/k/v, gate/up), and layers whose outputs it adds (the
 * convolutions along a residual stream). Layers of overlapping groups are one group. Empty for a
 * target that merges neither.
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
  const parent = layers.map((_, index) => index);
  const find = (index: number): number => {
    let at = index;
    while (parent[at] !== at) at = parent[at] as number;
    parent[index] = at;
    return at;
  };
  const join = (a: number, b: number) => {
    const [first, second] = [find(a), find(b)];
    parent[Math.max(first, second)] = Math.min(first, second);
  };
  if (fusion.sharedInput)
    leaders.forEach((leader, index) => {
      if (leader >= 0) join(leader, index);
    });
  if (fusion.tiesAdditionInputs)
    for (const group of added) {
      // Only layers with weights have settings that matter; an embedding has a format of its own.
      const weighted = group.filter((index) => {
        const layer = layers[index];
        return layer !== undefined && layer.parameterCount > 0 && layer.kind !== "embedding";
      });
      for (const index of weighted) join(weighted[0] as number, index);
    }
  const groups = new Map<number, string[]>();
  layers.forEach((layer, index) => {
    const root = find(index);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [layer.name]);
    else group.push(layer.name);
  });
  return [...groups.values()].filter((group) => group.length > 1);
}
