import { quoteName } from "../../../check/quote-name.js";
import { EvaluationError } from "../../../errors.js";
import type { OutputTensor } from "../metric.js";
import { elements } from "./output-samples.js";
import type { NumberArray } from "./score-rows.js";

/** What a model decides by an output. */
export interface Decisions {
  /**
   * A class for each decision: the greatest score's index, above the threshold or not, or an id.
   */
  readonly classes: Float64Array;
  /** Elements of the output that lie behind one decision. */
  readonly width: number;
}

/** How an output decides. */
export interface DecisionRule {
  /**
   * Axis of class scores in each batch; counted from the end where negative. Undefined: each value
   * decides by itself.
   */
  readonly axis: number | undefined;
  /** Values above it are yes, where each value decides by itself. */
  readonly threshold: number;
}

/**
 * How an output of the float model decides: integers are decisions; [..., classes] and [batch,
 * classes, height, width ...] by the greatest score; one value ([batch], [batch, 1], [batch, 1,
 * height, width]) by being above 0.5 where all are from 0 to 1, else above 0; where the float model
 * is on one side of that only, above the middle of its range.
 */
export function decisionRule(float: OutputTensor): DecisionRule {
  const { data, dims, batchDims = [dims] } = float;
  const shape = trimmed(batchDims[0]!);
  const axis = shape.length >= 4 ? 1 : shape.length - 1;
  if (!isIds(data) && shape.length >= 2 && shape[axis]! >= 2)
    return { axis: shape.length >= 4 ? 1 : -1, threshold: 0 };
  return { axis: undefined, threshold: isIds(data) ? Number.NaN : thresholdOf(data) };
}

/** Extents of 1 at the end say nothing. */
function trimmed(given: readonly number[]): readonly number[] {
  const dims = [...given];
  while (dims.length > 1 && dims.at(-1) === 1) dims.pop();
  return dims;
}

/** Classes and ids come as integers of 32 bits and more. */
export function isIds(
  data: OutputTensor["data"],
): data is BigInt64Array | BigUint64Array | Int32Array | Uint32Array {
  return !(data instanceof Float32Array) && data.BYTES_PER_ELEMENT >= 4 && !isDouble(data);
}

const isDouble = (data: unknown): boolean => data instanceof Float64Array;

function thresholdOf(data: NumberArray): number {
  let inUnit = true;
  for (const value of data) inUnit &&= value >= 0 && value <= 1;
  const natural = inUnit ? 0.5 : 0;
  let above = 0;
  for (const value of data) if (value > natural) above++;
  if (above > 0 && above < data.length) return natural;
  let [low, high] = [data[0] ?? natural, data[0] ?? natural];
  for (const value of data) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return (low + high) / 2;
}

/**
 * The decisions of an output, sample after sample.
 * @throws EvaluationError when it has no classes along the axis
 */
export function decisionsOf(
  output: OutputTensor & { readonly name: string },
  { axis, threshold }: DecisionRule,
): Decisions {
  const { data, dims, batchDims = [dims] } = output;
  if (axis === undefined || isIds(data))
    return {
      classes: Float64Array.from(data as NumberArray, (value) =>
        Number.isNaN(threshold) ? Number(value) : value > threshold ? 1 : 0,
      ),
      width: 1,
    };
  const found: number[] = [];
  let start = 0;
  let width = 0;
  for (const full of batchDims) {
    const shape = axis < 0 ? trimmed(full) : full;
    const at = axis < 0 ? shape.length + axis : axis;
    const classes = shape[at] ?? 0;
    if (at < 0 || classes < 1 || (width > 0 && classes !== width))
      throw new EvaluationError(
        "metric.output",
        `output ${quoteName(output.name)} has dims [${full.join(", ")}]; allowed: class scores ` +
          `along axis ${axis}, equally many for every sample`,
      );
    width = classes;
    const inner = elements(shape.slice(at + 1));
    const outer = elements(shape.slice(0, at));
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++)
        found.push(greatest(data as NumberArray, start + o * classes * inner + i, classes, inner));
    start += outer * classes * inner;
  }
  return { classes: Float64Array.from(found), width: Math.max(1, width) };
}

/** Index of the greatest of values that lie `stride` apart, the first of equals. */
function greatest(data: NumberArray, start: number, count: number, stride: number): number {
  let best = 0;
  for (let c = 1; c < count; c++)
    if (data[start + c * stride]! > data[start + best * stride]!) best = c;
  return best;
}
