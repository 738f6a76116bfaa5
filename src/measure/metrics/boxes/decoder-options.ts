import { quoteName } from "../../../check/quote-name.js";
import { EvaluationError, InvalidArgumentError } from "../../../errors.js";
import type { TensorData } from "../../batches/tensor-data.js";
import { checkNumber } from "../check-metric.js";
import type { BoxDecoder, DetectedBox } from "./box.js";
import { suppressBoxes } from "./suppress-boxes.js";

/** What decoders do with the boxes that they found. */
export interface KeptBoxes {
  /** Boxes below it are left out. Default 0.05. */
  readonly scoreThreshold?: number | undefined;
  /**
   * Boxes of a class that overlap a surer one by more than this are left out, 0 to 1. Default 0.5;
   * 1 keeps all.
   */
  readonly iouThreshold?: number | undefined;
}

/** @throws InvalidArgumentError for thresholds that are no numbers */
export function checkKeptBoxes({ scoreThreshold, iouThreshold }: KeptBoxes): void {
  if (scoreThreshold !== undefined) checkNumber("scoreThreshold", scoreThreshold);
  if (iouThreshold !== undefined) checkNumber("iouThreshold", iouThreshold);
}

/** A decoder of boxes that are thinned out afterwards. @param options for its identity */
export function decoderOf(
  name: string,
  options: KeptBoxes,
  decode: (outputs: Readonly<Record<string, TensorData>>, least: number) => DetectedBox[],
): BoxDecoder {
  const { scoreThreshold = 0.05, iouThreshold = 0.5 } = options;
  const identity = `${name} ${JSON.stringify(options)}`;
  return Object.assign(
    (outputs: Readonly<Record<string, TensorData>>) => {
      const found = decode(outputs, scoreThreshold);
      return iouThreshold >= 1 ? found : suppressBoxes(found, iouThreshold);
    },
    { identity },
  );
}

/** @throws InvalidArgumentError unless each option is a name, or undefined where it may be */
export function checkNames(
  options: Readonly<Record<string, unknown>>,
  needed: readonly string[],
  possible: readonly string[] = [],
): void {
  for (const name of [...needed, ...possible]) {
    const value = options[name];
    if (typeof value === "string" || (value === undefined && possible.includes(name))) continue;
    throw new InvalidArgumentError(
      name,
      `${name} is ${String(value)}; allowed: the name of an output of the model`,
    );
  }
}

/**
 * The numbers of an output.
 * @throws EvaluationError when there is no such output
 */
export function numbersOf(
  outputs: Readonly<Record<string, TensorData>>,
  name: string,
): { readonly values: ArrayLike<number>; readonly dims: readonly number[] } {
  const tensor = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
  if (tensor === undefined)
    throw new EvaluationError(
      "metric.decode",
      `the model has no output ${quoteName(name)}; allowed: ` +
        Object.keys(outputs).map(quoteName).join(", "),
    );
  const { data, dims } = tensor;
  const wide = data instanceof BigInt64Array || data instanceof BigUint64Array;
  return { values: wide ? Array.from(data, Number) : data, dims };
}

/** @throws EvaluationError unless the numbers are rows of a width, or the given number of rows */
export function rowsOf(name: string, values: number, width: number, rows?: number): number {
  const found = values / width;
  if (Number.isInteger(found) && (rows === undefined || rows === found)) return found;
  const wanted = rows === undefined ? "rows" : `${rows} rows`;
  throw new EvaluationError(
    "metric.decode",
    `output ${quoteName(name)} has ${values} numbers for an image; allowed: ${wanted} of ${width}`,
  );
}
