import { isRecord } from "../../check/check-fields.js";
import { describeValue } from "../../check/describe-value.js";
import { quoteName } from "../../check/quote-name.js";
import { InvalidDataError } from "../../errors.js";
import { openInputs } from "./batch-size.js";
import { arrayClassOf, type ModelInput } from "./model-input.js";
import type { Batch, TensorData } from "./tensor-data.js";

/**
 * Checks batches against the inputs of a model. NaN and infinity are values that an input may have:
 * masks hold them.
 * @param inputs all inputs of the model
 * @param name what the list is called, for messages: `calibration`, `validation`
 * @throws InvalidDataError naming batch and input: none at all, an input missing, unknown, of the
 *   wrong array class, rank or size, empty, or with another batch dimension than its neighbours
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
  /** The first input of each name of a first dimension that is open. */
  const firsts = new Map<string | undefined, { name: string; size: number }>();
  const samples = new Set(openInputs(inputs));
  for (const input of inputs) {
    const tensor = Object.hasOwn(batch, input.name) ? batch[input.name] : undefined;
    const size = checkTensor(input, tensor, `${path}.${input.name}`, samples.has(input));
    if (size === undefined || !(samples.has(input) || input.dims[0]! < 0)) continue;
    const first = firsts.get(input.symbol);
    if (first === undefined) firsts.set(input.symbol, { name: input.name, size });
    else if (first.size !== size) {
      const message =
        `${path}.${input.name} has a batch of ${size}, ${quoteName(first.name)} one of ` +
        `${first.size}; allowed: the same first dimension in all inputs where it has one name`;
      throw new InvalidDataError(`${path}.${input.name}`, message);
    }
  }
}

/**
 * @param samples the input has the samples in its first dimension
 * @returns the first dimension; undefined for a scalar
 */
function checkTensor(
  input: ModelInput,
  tensor: TensorData | undefined,
  path: string,
  samples: boolean,
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
    Number.isInteger(extent) && extent >= (samples && axis === 0 ? 1 : 0);
  if (!Array.isArray(dims) || !dims.every(possible))
    return fail(
      `has dims ${JSON.stringify(dims)}`,
      samples
        ? "an array of integers, the first from 1, the others from 0"
        : "an array of integers from 0",
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
  return dims[0];
}
