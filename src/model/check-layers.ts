import { describeNonRecord, isRecord } from "../check/check-fields.js";
import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import {
  elementCount,
  LayerKind,
  type LayerSpec,
  type ModelSpec,
  type WeightOrder,
} from "./layer-spec.js";

const KINDS = new Set<string>(Object.values(LayerKind));

/**
 * Checks that a value has a list of layers. It does not check the layers.
 * @throws InvalidArgumentError (path `model`) for any other value
 */
export function checkModelSpec(value: unknown): asserts value is ModelSpec {
  if (isRecord(value) && Array.isArray((value as Partial<ModelSpec>).layers)) return;
  throw new InvalidArgumentError(
    "model",
    "model is " +
      `${isRecord(value) ? "an object without a list of layers" : describeNonRecord(value)}; ` +
      "allowed: a ModelSpec, as referenceWorkload gives and a loaded model has (spec)",
  );
}

/**
 * Checks a list of layers where it enters the library, so that no inner code has to.
 * @throws InvalidArgumentError (path `layers.N.field`) when the list is empty; a name is empty or
 *   repeated; a kind is unknown; a count is negative or not finite; a shape is none; a layout
 *   contradicts the weights; or an input names no layer
 * @throws InvalidDataError (path `layers.N.weights`) when weights hold NaN or infinity
 */
export function checkLayers(layers: readonly LayerSpec[]): void {
  checkWiring(layers);
  layers.forEach((layer, index) => {
    if (layer.weights !== undefined) checkWeights(layer, `layers.${index}`);
  });
}

/**
 * {@link checkLayers} without the weights: it checks everything that costs depend on.
 * @throws InvalidArgumentError as {@link checkLayers} does
 */
export function checkWiring(layers: readonly LayerSpec[]): void {
  if (!Array.isArray(layers) || layers.length === 0)
    throw new InvalidArgumentError(
      "layers",
      "layers is empty or no array; allowed: at least one layer",
    );
  const names = new Map<string, number>();
  layers.forEach((layer: LayerSpec, index) => {
    const path = `layers.${index}`;
    if (typeof layer !== "object" || layer === null)
      throw new InvalidArgumentError(
        path,
        `${path} is ${String(layer)}; allowed: a layer name or a LayerSpec object`,
      );
    checkName(layer.name, `${path}.name`);
    const first = names.get(layer.name);
    if (first !== undefined)
      throw new InvalidArgumentError(
        `${path}.name`,
        `${path}.name is ${JSON.stringify(layer.name)}, which layers.${first} has too; names ` +
          "must differ",
      );
    names.set(layer.name, index);
    checkLayer(layer, path);
  });
  layers.forEach((layer: LayerSpec, index) => {
    layer.inputs?.forEach((input, position) => {
      if (!names.has(input))
        throw new InvalidArgumentError(
          `layers.${index}.inputs.${position}`,
          `layers.${index}.inputs.${position} is ${JSON.stringify(input)}; allowed: the name ` +
            "of a layer of this model",
        );
    });
  });
}

/**
 * Checks the name of a layer.
 * @throws InvalidArgumentError unless `name` is a string with a non-blank character
 */
export function checkName(name: unknown, path: string): void {
  if (typeof name !== "string" || name.trim() === "")
    throw new InvalidArgumentError(
      path,
      `${path} is ${typeof name === "string" ? JSON.stringify(name) : String(name)}; ` +
        "allowed: a non-empty string",
    );
}

function checkLayer(layer: LayerSpec, path: string): void {
  if (!KINDS.has(layer.kind))
    throw new InvalidArgumentError(
      `${path}.kind`,
      `${path}.kind is ${String(layer.kind)}; allowed: ${[...KINDS].join(", ")}`,
    );
  checkCount(layer.parameterCount, `${path}.parameterCount`, true);
  checkCount(layer.macs, `${path}.macs`, false);
  checkShape(layer.inputShape, `${path}.inputShape`);
  checkShape(layer.outputShape, `${path}.outputShape`);
  if (layer.inputs !== undefined && !Array.isArray(layer.inputs))
    throw new InvalidArgumentError(
      `${path}.inputs`,
      `${path}.inputs must be an array of layer names`,
    );
  if (layer.weightLayout !== undefined) checkLayout(layer, path);
}

function checkLayout(layer: LayerSpec, path: string): void {
  const layout = layer.weightLayout;
  if (layout === undefined) return;
  checkShape(layout.shape, `${path}.weightLayout.shape`);
  const rank = layout.shape.length;
  for (const field of ["channelAxis", "groupAxis"] as const) {
    const axis = layout[field];
    if (!Number.isInteger(axis) || axis < 0 || axis >= Math.max(rank, 1))
      throw new InvalidArgumentError(
        `${path}.weightLayout.${field}`,
        `${path}.weightLayout.${field} is ${String(axis)}; allowed: 0 to ` +
          `${Math.max(rank, 1) - 1} for a shape of ${rank} axes`,
      );
  }
  const elements = elementCount(layout.shape);
  if (elements !== layer.parameterCount)
    throw new InvalidArgumentError(
      `${path}.weightLayout.shape`,
      `${path}.weightLayout.shape [${layout.shape.join(", ")}] has ${elements} elements, ` +
        `parameterCount is ${layer.parameterCount}; they must be equal`,
    );
  const { inputGroups: groups = 1 } = layout;
  const channels = layout.shape[layout.channelAxis] ?? 1;
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
    throw new InvalidArgumentError(
      `${path}.weightLayout.inputGroups`,
      `${path}.weightLayout.inputGroups is ${String(groups)}; allowed: divisors of the ` +
        `${channels} channels`,
    );
  if (layout.order !== undefined) checkOrder(layout.order, elements, `${path}.weightLayout.order`);
}

function checkOrder({ shape, permutation }: WeightOrder, elements: number, path: string): void {
  checkShape(shape, `${path}.shape`);
  checkShape(permutation, `${path}.permutation`);
  if (elementCount(shape) !== elements)
    throw new InvalidArgumentError(
      `${path}.shape`,
      `${path}.shape [${shape.join(", ")}] has ${elementCount(shape)} elements; allowed: a ` +
        `shape of ${elements}, those of weightLayout.shape`,
    );
  const sorted = [...permutation].sort((a, b) => a - b);
  if (sorted.length !== shape.length || sorted.some((axis, i) => axis !== i))
    throw new InvalidArgumentError(
      `${path}.permutation`,
      `${path}.permutation is [${permutation.join(", ")}]; allowed: each of the ` +
        `${shape.length} axes once`,
    );
}

function checkWeights(layer: LayerSpec, path: string): void {
  const weights: unknown = layer.weights;
  if (!(weights instanceof Float32Array))
    throw new InvalidArgumentError(`${path}.weights`, `${path}.weights must be a Float32Array`);
  if (layer.weightLayout === undefined)
    throw new InvalidArgumentError(
      `${path}.weightLayout`,
      `${path}.weightLayout is missing; it must be given with weights`,
    );
  if (weights.length !== layer.parameterCount)
    throw new InvalidArgumentError(
      `${path}.weights`,
      `${path}.weights has ${weights.length} elements; its layout has ${layer.parameterCount}`,
    );
  let count = 0;
  let first = -1;
  for (let i = 0; i < weights.length; i++) {
    if (Number.isFinite(weights[i])) continue;
    if (count === 0) first = i;
    count++;
  }
  if (count > 0)
    throw new InvalidDataError(
      `${path}.weights`,
      `the weights of layer ${JSON.stringify(layer.name)} hold ${count} values that are NaN ` +
        `or infinite, the first at index ${first}`,
    );
}

function checkShape(shape: unknown, path: string): void {
  if (!Array.isArray(shape))
    throw new InvalidArgumentError(path, `${path} must be an array of integers`);
  shape.forEach((extent, axis) => {
    checkCount(extent, `${path}.${axis}`, true);
  });
  if (!Number.isSafeInteger(elementCount(shape)))
    throw new InvalidArgumentError(
      path,
      `${path} [${shape.join(", ")}] has more than 2^53 elements, which is too many`,
    );
}

function checkCount(value: unknown, path: string, integer: boolean): void {
  const good = integer ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (!good || (value as number) < 0)
    throw new InvalidArgumentError(
      path,
      `${path} is ${String(value)}; allowed: ` +
        `${integer ? "a whole number" : "a finite number"} from 0`,
    );
}
