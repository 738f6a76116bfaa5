import { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { LayerSpace } from "../genome/search-space.js";
import type { LayerSpec } from "../model/layer-spec.js";
import type { HardwareCostModel } from "./contract.js";

/**
 * The part of a layer's space that a target may accept: a value goes when every combination in which it has an
 * effect is refused (TensorRT: asymmetric weights). Combinations that are refused though each of their values is
 * accepted elsewhere can remain. A setting none of whose values is accepted keeps them all, so no list is empty.
 */
export function supportedLayerSpace(
  costModel: HardwareCostModel,
  layer: LayerSpec,
  space: LayerSpace,
): LayerSpace {
  const kept = {
    weightBits: new Set<number>(),
    activationBits: new Set<number>(),
    weightSchemes: new Set<string>(),
    activationSchemes: new Set<string>(),
    granularities: new Set<string>(),
    groupSizes: new Set<number>(),
  };
  for (const config of combinations(space)) {
    if (costModel.supports(layer, config).status === "refused") continue;
    kept.weightBits.add(config.weightBits);
    kept.activationBits.add(config.activationBits);
    if (config.weightBits >= 2 && config.weightBits < 32) kept.weightSchemes.add(config.weightScheme);
    if (config.activationBits < 32) kept.activationSchemes.add(config.activationScheme);
    if (config.weightBits < 32) kept.granularities.add(config.granularity);
    if (config.weightBits < 32 && config.granularity === "per-group") kept.groupSizes.add(config.groupSize);
  }
  return {
    ...space,
    weightBits: keep(space.weightBits, kept.weightBits),
    activationBits: keep(space.activationBits, kept.activationBits),
    weightSchemes: keep(space.weightSchemes, kept.weightSchemes),
    activationSchemes: keep(space.activationSchemes, kept.activationSchemes),
    granularities: keep(space.granularities, kept.granularities),
    groupSizes: keep(space.groupSizes, kept.groupSizes),
  };
}

function keep<T>(values: readonly T[], kept: ReadonlySet<unknown>): readonly T[] {
  const some = values.filter((value) => kept.has(value));
  return some.length > 0 ? some : values;
}

function* combinations(space: LayerSpace): Generator<LayerQuantConfig> {
  for (const granularity of space.granularities)
    for (const groupSize of granularity === "per-group" ? space.groupSizes : [32])
      for (const weightBits of space.weightBits)
        for (const activationBits of space.activationBits)
          for (const weightScheme of space.weightSchemes)
            for (const activationScheme of space.activationSchemes)
              yield new LayerQuantConfig({
                granularity,
                groupSize,
                weightBits,
                activationBits,
                weightScheme,
                activationScheme,
              });
}
