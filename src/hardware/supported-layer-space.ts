import type { LayerSpace } from "../genes/precision.js";
import { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { LayerSpec } from "../model/layer-spec.js";
import type { HardwareCostModel } from "./contract.js";

/**
 * The part of a layer's space that a target may accept. A width, granularity or group size is
 * dropped when the target refuses every combination with it. A scheme is dropped when some width
 * that is accepted otherwise always refuses it (TensorRT: asymmetric). A setting without an
 * accepted value keeps all its values, so no list becomes empty.
 *
 * Some refused combinations can remain, such as a block-wise scale that only one width has.
 */
export function supportedLayerSpace(
  costModel: HardwareCostModel,
  layer: LayerSpec,
  space: LayerSpace,
): LayerSpace {
  const kept = {
    weightBits: new Set<number>(),
    activationBits: new Set<number>(),
    granularities: new Set<string>(),
    groupSizes: new Set<number>(),
  };
  const weightSchemes = new Map<number, Set<string>>();
  const activationSchemes = new Map<number, Set<string>>();
  for (const config of combinationsOf(space)) {
    if (costModel.supports(layer, config).status === "refused") continue;
    kept.weightBits.add(config.weightBits);
    kept.activationBits.add(config.activationBits);
    if (config.weightBits >= 2 && config.weightBits < 32)
      note(weightSchemes, config.weightBits, config.weightScheme);
    if (config.activationBits < 32)
      note(activationSchemes, config.activationBits, config.activationScheme);
    if (config.weightBits < 32) kept.granularities.add(config.granularity);
    if (config.weightBits < 32 && config.granularity === "per-group")
      kept.groupSizes.add(config.groupSize);
  }
  return {
    ...space,
    weightBits: keep(space.weightBits, kept.weightBits),
    activationBits: keep(space.activationBits, kept.activationBits),
    weightSchemes: keep(space.weightSchemes, common(space.weightSchemes, weightSchemes)),
    activationSchemes: keep(
      space.activationSchemes,
      common(space.activationSchemes, activationSchemes),
    ),
    granularities: keep(space.granularities, kept.granularities),
    groupSizes: keep(space.groupSizes, kept.groupSizes),
  };
}

function note(schemes: Map<number, Set<string>>, bits: number, scheme: string): void {
  const known = schemes.get(bits);
  if (known === undefined) schemes.set(bits, new Set([scheme]));
  else known.add(scheme);
}

/** The schemes that every width accepts. */
function common(
  all: readonly string[],
  byBits: ReadonlyMap<number, ReadonlySet<string>>,
): Set<string> {
  return new Set(
    all.filter((scheme) => [...byBits.values()].every((accepted) => accepted.has(scheme))),
  );
}

function keep<T>(values: readonly T[], kept: ReadonlySet<unknown>): readonly T[] {
  const some = values.filter((value) => kept.has(value));
  return some.length > 0 ? some : values;
}

/**
 * Combinations of recently used spaces, by the content of the space. Thousands of layers share one
 * space.
 */
const known = new Map<string, readonly LayerQuantConfig[]>();
const MOST_KNOWN = 16;

function combinationsOf(space: LayerSpace): readonly LayerQuantConfig[] {
  const {
    granularities,
    groupSizes,
    weightBits,
    activationBits,
    weightSchemes,
    activationSchemes,
  } = space;
  const key = JSON.stringify([
    granularities,
    groupSizes,
    weightBits,
    activationBits,
    weightSchemes,
    activationSchemes,
  ]);
  let all = known.get(key);
  if (all === undefined) {
    all = [...combinations(space)];
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, all);
  }
  return all;
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
