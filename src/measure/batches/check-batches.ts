import { isRecord } from "../../check/check-fields.js";
import { describeValue } from "../../check/describe-value.js";
import { quoteName } from "../../check/quote-name.js";
import { InvalidDataError } from "../../errors.js";
import { requireFinite } from "../../numeric/find-non-finite.js";
import { openInputs } from "./batch-size.js";
import { arrayClassOf, type ModelInput } from "./model-input.js";
import type { Batch, TensorData } from "./tensor-data.js";

/**
 * Checks batches against the inputs of a model.
 * @param inputs all inputs of the model
 * @param name what the list is called, for messages: `calibration`, `validation`
 * @throws InvalidDataError naming batch and input: none at all, an input missing, unknown, of the
 *   wrong array class, rank or size, empty, with another batch dimension than its neighbours, or
 *   holding NaN or infinity
 */
export function checkBatches(
  inputs: readonly ModelInput[],
  batches: readonly Batch[],
  name: string,
): void {
  if (!Array.isArray(batches))
    throw new InvalidDataError(
      name,
      isRecord(batches)
        ? `${name} is one batch; allowed: a list of batches, [batch] for a single one`
        : `${name} is ${describeValue(batches)}; allowed: a list of batches`,
    );
  if (batches.length === 0)
    throw new InvalidDataError(name, `${name} holds no batch; allowed: 1 batch or more`);
  batches.forEach((batch, index) => {
    checkBatch(inputs, batch, `${name}.${index}`);
  });
}

function checkBatch(inputs: readonly ModelInput[], batch: Batch, path: string): void {
  if (typeof batch !== "object" || batch === null)
    throw new InvalidDataError(
      path,
      `${path} is ${String(batch)}; allowed: an object of tensors by input name`,
    );
  const known = new Set(inputs.map((input) => input.name));
  for (const name of Object.keys(batch)) {
    if (known.has(name)) continue;
    const allowed = [...known].map(quoteName).join(", ");
    throw new InvalidDataError(
      `${path}.${name}`,
      `${path}: the model has no input ${quoteName(name)}; allowed: ${allowed}`,
    );
  }
  let first: { name: string; size: number } | undefined;
  const counted = new Set(openInputs(inputs));
  for (const input of inputs) {
    const tensor = Object.hasOwn(batch, input.name) ? batch[input.name] : undefined;
    const size = checkTensor(input, tensor, `${path}.${input.name}`);
    if (size === undefined || !counted.has(input)) continue;
    first ??= { name: input.name, size };
    if (first.size !== size) {
      const message =
        `${path}.${input.name} has a batch of ${size}, ${quoteName(first.name)} one of ` +
        `${first.size}; allowed: the same first dimension in all inputs that leave it open`;
      throw new InvalidDataError(`${path}.${input.name}`, message);
    }
  }
}

/** @returns the batch dimension; undefined for a scalar */
function checkTensor(
  input: ModelInput,
  tensor: TensorData | undefined,
  path: string,
): number | undefined {
  const fail = (what: string, allowed: string): never => {
    throw new InvalidDataError(path, `${path} ${what}; allowed: ${allowed}`);
  };
  if (tensor === undefined) return fail("is missing", "a tensor for each input of the model");
  const { type } = input;
  const ArrayType = arrayClassOf(type);
  if (ArrayType === undefined)
    return fail(`is of type ${type}`, "inputs that a typed array can hold");
  const { data, dims } = tensor;
  if (!(data instanceof ArrayType)) {
    const found = (data as object | undefined)?.constructor?.name ?? String(data);
    return fail(`holds ${found}`, `${ArrayType.name} for an input of type ${type}`);
  }
  // A cache of the first step has no positions yet; a batch without samples is none.
  const possible = (extent: number, axis: number) =>
    Number.isInteger(extent) && extent >= (axis === 0 ? 1 : 0);
  if (!Array.isArray(dims) || !dims.every(possible))
    return fail(
      `has dims ${JSON.stringify(dims)}`,
      "an array of integers, the first from 1, the others from 0",
    );
  const declared = input.dims;
  // No dims stand for an input whose shape the file does not give.
  const fits =
    declared.length === 0 ||
    (declared.length === dims.length &&
      declared.every((extent, axis) => extent < 0 || extent === dims[axis]));
  if (!fits)
    return fail(
      `has dims [${dims.join(", ")}]`,
      `[${declared.map((extent) => (extent < 0 ? "any" : extent)).join(", ")}]`,
    );
  const count = dims.reduce((product, extent) => product * extent, 1);
  if (count !== data.length)
    return fail(`has ${data.length} elements`, `${count} for dims [${dims.join(", ")}]`);
  if (data instanceof Float32Array || data instanceof Float64Array) requireFinite(data, path);
  return dims[0];
}
