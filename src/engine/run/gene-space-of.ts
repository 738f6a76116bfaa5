import { InvalidArgumentError, InvalidConfigError } from "../../errors.js";
import type { GeneKind } from "../../genes/gene-kind.js";
import { GENE_KINDS } from "../../genes/gene-kinds.js";
import type { LayerSpace } from "../../genes/precision.js";
import { GeneSpace } from "../../genome/gene-space.js";
import type { LayerQuantConfigFields } from "../../genome/layer-quant-config.js";
import type { HardwareCostModel } from "../../hardware/contract.js";
import { RooflineCostModel } from "../../hardware/roofline/roofline-cost-model.js";
import { supportedLayerSpace } from "../../hardware/supported-layer-space.js";
import type { LayerSpec, ModelSpec } from "../../model/layer-spec.js";
import { tiedUnits } from "../../model/units.js";
import { weightLayoutOf } from "../../model/weight-layout-of.js";
import type { QuantizationGranularity } from "../../quantization/scheme.js";
import type { ResolvedConfig } from "../config.js";

/**
 * The genes of a search on this model. Group sizes that are not shorter than a layer's reduction
 * axis are left out for that layer (they would be per-channel under another name), and per-group
 * with them when none is left. Values that the target refuses whatever the rest is are left out
 * too. A pinned setting is the only choice in its layer; tied layers, by the configuration or by
 * the target's runtime, share what all of them allow.
 * @throws InvalidConfigError when an override or a tie names a layer that the model does not have,
 *   a layer is in two ties, or tied layers have no setting in common
 */
export function geneSpaceOf(
  model: ModelSpec,
  config: ResolvedConfig,
  costModel: HardwareCostModel,
  kinds: readonly GeneKind[] = GENE_KINDS,
): GeneSpace {
  const names = new Set(model.layers.map((layer) => layer.name));
  // Overlapping ties, asked for and needed by the target's runtime, are one.
  const ties = tiedUnits(names, [
    ...checkTies(config.tiedLayers, names),
    ...(costModel.tiedLayers?.(model) ?? []),
  ]).filter((unit) => unit.length > 1);
  for (const name of config.layerOverrides.keys())
    if (!names.has(name)) throw unknownLayer(`layerOverrides.${name}`, name);

  const pinned = new Map(config.layerOverrides);
  for (const tie of ties) {
    const shared = sharedPins(tie, pinned);
    if (Object.keys(shared).length > 0) for (const name of tie) pinned.set(name, shared);
  }
  // The roofline model asks for nothing but these of a layer; another one may know it by its name.
  const alike = costModel.constructor === RooflineCostModel;
  const known = new Map<string, LayerSpace>();
  const layers = new Map(
    model.layers.map((layer) => {
      const { name, kind, parameterCount, inputShape, outputShape } = layer;
      const space = layerSpace(layer, config, pinned.get(name) ?? {});
      const key = alike
        ? JSON.stringify([kind, parameterCount, inputShape, outputShape, space])
        : name;
      const accepted = known.get(key) ?? acceptedSpace(costModel, layer, space);
      known.set(key, accepted);
      return [name, accepted];
    }),
  );
  for (const [i, tie] of ties.entries()) {
    const shared = tie.map((name) => layers.get(name)!).reduce(intersection);
    for (const [key, values] of Object.entries(shared))
      if (values.length === 0 && key !== "groupSizes")
        throw new InvalidConfigError(
          `tiedLayers.${i}`,
          `tiedLayers.${i}: ${tie.join(", ")} have no ${key} in common; allowed: layers that ` +
            "can be alike",
        );
    for (const name of tie) layers.set(name, shared);
  }
  try {
    return new GeneSpace({
      space: { layers, ties },
      pinned,
      uniformPrecision: !config.allowMixedPrecision,
      parameterCounts: new Map(model.layers.map((layer) => [layer.name, layer.parameterCount])),
      kinds,
      model,
    });
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidConfigError(error.path, error.message, { cause: error });
  }
}

/**
 * Without the values that the target always refuses. A cost model that cannot say so fails the
 * genomes themselves, with its reason.
 */
function acceptedSpace(
  costModel: HardwareCostModel,
  layer: LayerSpec,
  space: LayerSpace,
): LayerSpace {
  try {
    return supportedLayerSpace(costModel, layer, space);
  } catch {
    return space;
  }
}

/**
 * What is pinned in any layer of a tie. @throws InvalidConfigError when two of them are pinned to
 * different values
 */
function sharedPins(
  tie: readonly string[],
  pinned: ReadonlyMap<string, Partial<LayerQuantConfigFields>>,
): Partial<LayerQuantConfigFields> {
  const shared = new Map<string, unknown>();
  for (const name of tie)
    for (const [field, value] of Object.entries(pinned.get(name) ?? {})) {
      if (shared.has(field) && shared.get(field) !== value)
        throw new InvalidConfigError(
          `layerOverrides.${name}.${field}`,
          `layerOverrides.${name}.${field} is ${String(value)}, a layer tied to it has ` +
            `${String(shared.get(field))}; allowed: the same value`,
        );
      shared.set(field, value);
    }
  return Object.fromEntries(shared) as Partial<LayerQuantConfigFields>;
}

function layerSpace(
  layer: LayerSpec,
  config: ResolvedConfig,
  pin: Partial<LayerQuantConfigFields>,
): LayerSpace {
  const layout = weightLayoutOf(layer);
  const extent = layout.shape[layout.groupAxis] ?? 1;
  const groupSizes = config.groupSizes.filter((size) => size < extent);
  const granularities: QuantizationGranularity[] = ["per-tensor"];
  if (config.allowPerChannel) granularities.push("per-channel");
  if (config.allowPerGroup && groupSizes.length > 0) granularities.push("per-group");
  const only = <T>(value: T | undefined, values: readonly T[]): readonly T[] =>
    value === undefined ? values : [value];
  return {
    weightBits: only(pin.weightBits, config.weightBitChoices),
    activationBits: only(pin.activationBits, config.activationBitChoices),
    weightSchemes: only(pin.weightScheme, config.weightSchemes),
    activationSchemes: only(pin.activationScheme, config.activationSchemes),
    granularities: only(pin.granularity, granularities),
    groupSizes: only(
      pin.groupSize ??
        (pin.granularity === "per-group" && groupSizes.length === 0 ? 32 : undefined),
      groupSizes,
    ),
    calibrationMethods: only(pin.calibrationMethod, config.calibrationMethods),
  };
}

function intersection(a: LayerSpace, b: LayerSpace): LayerSpace {
  const both = <T>(x: readonly T[], y: readonly T[]) => x.filter((value) => y.includes(value));
  const groupSizes = both(a.groupSizes, b.groupSizes);
  const granularities = both(a.granularities, b.granularities);
  return {
    weightBits: both(a.weightBits, b.weightBits),
    activationBits: both(a.activationBits, b.activationBits),
    weightSchemes: both(a.weightSchemes, b.weightSchemes),
    activationSchemes: both(a.activationSchemes, b.activationSchemes),
    granularities:
      groupSizes.length > 0 ? granularities : granularities.filter((g) => g !== "per-group"),
    groupSizes,
    calibrationMethods: both(a.calibrationMethods, b.calibrationMethods),
  };
}

function checkTies(
  ties: readonly (readonly string[])[],
  names: ReadonlySet<string>,
): readonly (readonly string[])[] {
  const seen = new Set<string>();
  for (const [i, tie] of ties.entries())
    for (const [j, name] of tie.entries()) {
      const path = `tiedLayers.${i}.${j}`;
      if (!names.has(name)) throw unknownLayer(path, name);
      if (seen.has(name))
        throw new InvalidConfigError(
          path,
          `${path} is ${JSON.stringify(name)}, which is tied already; allowed: a layer in ` +
            "one group at most",
        );
      seen.add(name);
    }
  return ties;
}

function unknownLayer(path: string, name: string): InvalidConfigError {
  return new InvalidConfigError(
    path,
    `${path} names ${JSON.stringify(name)}; allowed: the name of a layer of the model`,
  );
}
