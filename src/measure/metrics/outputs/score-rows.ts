import { describeValue } from "../../../check/describe-value.js";
import { quoteName } from "../../../check/quote-name.js";
import { EvaluationError, InvalidArgumentError, InvalidDataError } from "../../../errors.js";
import type { TensorArray } from "../../batches/tensor-data.js";
import type { MetricCall, ModelOutputs } from "../metric.js";
import { outputSamples } from "./output-samples.js";
import { selectOutput } from "./select-output.js";

/** Elements that are numbers. */
export type NumberArray = Exclude<TensorArray, BigInt64Array | BigUint64Array>;

/** An output seen as rows of class scores. */
export interface ScoreRows {
  readonly data: NumberArray;
  readonly rows: number;
  /** Scores of a row, at least 2. */
  readonly classes: number;
  /** First row of each sample, and the number of rows at the end. */
  readonly starts: readonly number[];
}

/**
 * The rows of an output [..., classes]; extents of 1 at its end are passed over ([batch, classes,
 * 1, 1]). What lies between may differ from batch to batch (time).
 * @throws EvaluationError when there is no such output, or it holds no class scores
 */
export function scoreRows(
  outputs: ModelOutputs,
  output: string | undefined,
  call?: MetricCall,
): ScoreRows {
  const tensor = selectOutput(outputs, output, call);
  const { data, batchDims = [tensor.dims] } = tensor;
  const shapes = batchDims.map(trimmed);
  const classes = shapes[0]?.at(-1) ?? 0;
  if (
    shapes.some((dims) => dims.length < 2 || dims.at(-1) !== classes) ||
    classes < 2 ||
    data instanceof BigInt64Array ||
    data instanceof BigUint64Array
  )
    throw new EvaluationError(
      "metric.output",
      `output ${quoteName(tensor.name)} has dims ` +
        `${distinct(batchDims)}; allowed: numbers [..., classes] with 2 classes or more`,
    );
  const spans = outputSamples(tensor, call?.batchSizes);
  const rows = data.length / classes;
  return { data, rows, classes, starts: [...spans.map(({ start }) => start / classes), rows] };
}

function trimmed(given: readonly number[]): number[] {
  const dims = [...given];
  while (dims.length > 2 && dims.at(-1) === 1) dims.pop();
  return dims;
}

/** Shapes as a text, each once. */
function distinct(shapes: readonly (readonly number[])[]): string {
  return [...new Set(shapes.map((dims) => `[${dims.join(", ")}]`))].slice(0, 3).join(", ");
}

/** Index of the greatest score of a row, the first of equals. */
export function argMax({ data, classes }: ScoreRows, row: number): number {
  const start = row * classes;
  let best = 0;
  for (let c = 1; c < classes; c++) if (data[start + c]! > data[start + best]!) best = c;
  return best;
}

/** Class indices as they may be given: numbers, or the bigints of an int64 tensor. */
export type ClassIndices = ArrayLike<number> | ArrayLike<bigint>;

/**
 * Class indices as an own Int32Array; negative ones mean "do not judge".
 * @throws InvalidArgumentError when there is none to judge; InvalidDataError for one that is no
 *   integer
 */
export function readClassIndices(indices: ClassIndices, name: string): Int32Array {
  if (typeof indices !== "object" || !Number.isInteger(indices?.length))
    throw new InvalidArgumentError(
      name,
      `${name} is ${describeValue(indices)}; allowed: a list of class indices, one for ` +
        "each row of scores",
    );
  if (indices.length === 0)
    throw new InvalidArgumentError(name, `${name} is empty; allowed: 1 class index or more`);
  const result = new Int32Array(indices.length);
  let judged = 0;
  for (let i = 0; i < result.length; i++) {
    const given: unknown = indices[i];
    const index = typeof given === "bigint" ? Number(given) : given;
    if (typeof index !== "number" || !Number.isInteger(index) || index > 0x7fffffff)
      throw new InvalidDataError(
        `${name}.${i}`,
        `${name}[${i}] is ${typeof index === "number" ? index : describeValue(index)}; ` +
          "allowed: a class index, or a negative integer",
      );
    result[i] = Math.max(-1, index);
    if (index >= 0) judged++;
  }
  if (judged === 0)
    throw new InvalidArgumentError(
      name,
      `${name} are all negative, which means "do not judge", so nothing is left to judge; ` +
        "allowed: 1 class index or more from 0",
    );
  return result;
}

/**
 * The class indices of the rows: all of them, or with `partial` the first.
 * @throws EvaluationError when labels and rows do not match in number, a label is no class, or none
 *   is to be judged
 */
export function classIndicesOf(
  all: Int32Array,
  { rows, classes }: ScoreRows,
  name: string,
  partial: boolean,
): Int32Array {
  if (partial ? all.length < rows : all.length !== rows)
    throw new EvaluationError(
      `metric.${name}`,
      `there are ${all.length} ${name} for ${rows} rows of scores; allowed: one for each row`,
    );
  const indices = all.subarray(0, rows);
  const wrong = indices.findIndex((index) => index >= classes);
  if (wrong >= 0)
    throw new EvaluationError(
      `metric.${name}.${wrong}`,
      `${name}[${wrong}] is ${indices[wrong]}; allowed: below ${classes}, the number of classes`,
    );
  if (indices.every((index) => index < 0))
    throw new EvaluationError(
      `metric.${name}`,
      `the first ${rows} ${name} are all negative, which means "do not judge"; allowed: one ` +
        "to judge among them",
    );
  return indices;
}

/** Rows that are read to tell probabilities from logits. */
const PROBED_ROWS = 16;

/** The first rows are numbers from 0 to 1 whose sum is 1. */
export function looksLikeProbabilities({
  data,
  rows,
  classes,
}: Pick<ScoreRows, "data" | "rows" | "classes">): boolean {
  for (let row = 0; row < Math.min(rows, PROBED_ROWS); row++) {
    let sum = 0;
    for (let i = row * classes; i < (row + 1) * classes; i++) {
      if (!(data[i]! >= 0 && data[i]! <= 1)) return false;
      sum += data[i]!;
    }
    if (Math.abs(sum - 1) > 1e-3) return false;
  }
  return true;
}
