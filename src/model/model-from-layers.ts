import { InvalidArgumentError } from "../errors.js";
import { checkLayers, checkName } from "./check-layers.js";
import type { LayerSpec, ModelSpec } from "./layer-spec.js";
import {
  type ReferenceWorkloadOptions,
  referenceLayer,
  referenceWorkload,
} from "./reference-workload.js";

/**
 * The model for what a caller passes as layers. A {@link ModelSpec} is returned as it is. Names
 * alone give a reference workload. A list with layers gives a model of source `user`, in which a
 * name stands for a reference layer.
 * @throws InvalidArgumentError or InvalidDataError as {@link checkLayers} does
 */
export function modelFromLayers(
  layers: ModelSpec | readonly (string | LayerSpec)[],
  options: ReferenceWorkloadOptions = {},
): ModelSpec {
  if (typeof layers !== "object" || layers === null)
    throw new InvalidArgumentError(
      "layers",
      `layers is ${String(layers)}; allowed: a model, or an array of layer names or ` +
        "LayerSpec objects",
    );
  if (!isList(layers)) return checkedModel(layers);
  // Array.from turns the holes of a sparse array into undefined, which checkLayers refuses. filter
  // and map skip holes.
  const given = Array.from(layers);
  const names = given.filter((layer): layer is string => typeof layer === "string");
  if (names.length === given.length) return referenceWorkload(names, options);
  const specs = given.map((layer, index) => {
    if (typeof layer !== "string") return layer;
    checkName(layer, `layers.${index}.name`);
    return referenceLayer(layer, options);
  });
  checkLayers(specs);
  return { name: options.modelName ?? "layers", source: "user", layers: specs };
}

function isList(
  layers: ModelSpec | readonly (string | LayerSpec)[],
): layers is readonly (string | LayerSpec)[] {
  return Array.isArray(layers);
}

function checkedModel(model: ModelSpec): ModelSpec {
  checkLayers(Array.isArray(model.layers) ? Array.from(model.layers) : model.layers);
  for (const field of ["floatParameterCount", "fixedBytes"] as const) {
    const extra = model[field] ?? 0;
    if (!Number.isSafeInteger(extra) || extra < 0)
      throw new InvalidArgumentError(
        field,
        `${field} is ${String(extra)}; allowed: a whole number from 0`,
      );
  }
  return model;
}
