import { quoteName } from "../../../check/quote-name.js";
import { InvalidModelError } from "../../../errors.js";
import { elementBits, elementTypeName } from "../graph/element-type.js";
import { tensorDims } from "../graph/tensor-values.js";
import { type TensorProto, TensorProto_DataLocation } from "../wire/onnx_pb.js";

/** Where a tensor keeps its data outside of the file of the model. */
export interface ExternalPlace {
  /** Path of the file from the model's folder, with `/` between folders. */
  readonly location: string;
  /** In bytes. */
  readonly offset: number;
  /** In bytes: as many as shape and type need. */
  readonly length: number;
}

/** True for a tensor that names another file, in whatever way a runtime may understand. */
export function isExternal(tensor: TensorProto): boolean {
  return (
    tensor.dataLocation === TensorProto_DataLocation.EXTERNAL || tensor.externalData.length > 0
  );
}

/**
 * Reads where an external tensor keeps its data
 * (https://github.com/onnx/onnx/blob/main/docs/ExternalData.md).
 * @throws InvalidModelError for a place that leaves the model's folder, a number that is none, a
 *   length that shape and type contradict, or data that are in the model as well
 */
export function externalPlace(tensor: TensorProto, name: string): ExternalPlace {
  const fields = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const refuse = (what: string): never => {
    throw new InvalidModelError(name, `tensor ${quoteName(name)} ${what}`);
  };
  if (hasData(tensor)) refuse("has its data both in the model and in another file");
  const location = fields.get("location") ?? refuse("names no file that has its data");
  if (!staysInFolder(location))
    refuse(
      `keeps its data in ${quoteName(location)}; allowed: a path within the folder of the model`,
    );
  const whole = (key: string): number | undefined => {
    const text = fields.get(key);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value)) refuse(`has the external ${key} ${quoteName(text)}`);
    return value;
  };
  const bits = elementBits(tensor.dataType);
  if (bits === undefined)
    return refuse(`of type ${elementTypeName(tensor.dataType)} cannot be in another file`);
  const count = tensorDims(tensor, name).reduce((product, extent) => product * extent, 1);
  const length = Math.ceil((count * bits) / 8);
  const told = whole("length") ?? length;
  if (told !== length) refuse(`needs ${length} bytes; its external data have ${told}`);
  return { location, offset: whole("offset") ?? 0, length };
}

function hasData(tensor: TensorProto): boolean {
  const { rawData, floatData, doubleData, int32Data, int64Data, uint64Data, stringData } = tensor;
  const lists = [rawData, floatData, doubleData, int32Data, int64Data, uint64Data, stringData];
  return lists.some(({ length }) => length > 0);
}

/** True for a name that can stand for a file in the folder of a model, on any system. */
export function isFileName(name: string): boolean {
  return staysInFolder(name) && !name.includes("/") && name !== ".";
}

/**
 * A relative path of ordinary names. Backslashes and drives are folders to some systems, and a
 * control character is in no name that a person gave.
 */
function staysInFolder(location: string): boolean {
  if (location === "" || /[\\:\p{Cc}]/u.test(location)) return false;
  return location.split("/").every((part) => part !== "" && part !== "..");
}
