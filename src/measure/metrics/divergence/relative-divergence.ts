import { quoteName } from "../../../check/quote-name.js";
import { EvaluationError } from "../../../errors.js";
import type { MetricCall, ModelOutputs, OutputTensor } from "../metric.js";
import { expandToSamples, outputSamples, type SampleSpan } from "../outputs/output-samples.js";
import { scoreRows } from "../outputs/score-rows.js";
import { referenceCall, selectOutput } from "../outputs/select-output.js";
import { classDivergence } from "./class-divergence.js";
import type { Difference } from "./difference.js";
import { squaredDifference } from "./squared-difference.js";
import { unequalElements } from "./unequal-elements.js";

/** How outputs of floats are compared; `auto` see {@link prepareOutput}. */
export type DivergenceMeasure = "kl" | "mse" | "auto";

/** An output of the float model, ready to be compared with. */
export interface PreparedOutput {
  readonly name: string;
  readonly float: OutputTensor;
  readonly spans: readonly SampleSpan[];
  readonly difference: Difference;
  /** Error of the best constant, the mean over samples. */
  readonly unit: number;
}

/** A variance this small beside the mean square is rounding: 2^-40, as float32 has 24 bits. */
const ROUNDING = 2 ** -40;

/**
 * @param measure `auto`: kl for rows of probabilities, and for the [batch, classes] or [batch,
 *   time, classes] of a model of which it is the only output; else mse. Integers of 32 bits and
 *   more are counted where they are not equal
 * @throws EvaluationError when there is no such output, or it has no classes for `kl`
 */
export function prepareOutput(
  reference: ModelOutputs,
  name: string,
  measure: DivergenceMeasure,
  { alone, call }: { readonly alone: boolean; readonly call: MetricCall | undefined },
): PreparedOutput {
  const own = referenceCall(call);
  const float = selectOutput(reference, name, own);
  const spans = outputSamples(float, own.batchSizes);
  const difference = differenceOf(reference, float, spans, measure, alone, own);
  const constant = meanOverSamples(difference.constantErrors, spans);
  const size = meanOverSamples(difference.sizes, spans);
  return {
    name,
    float,
    spans,
    difference,
    unit: constant > ROUNDING * size ? constant : size > 0 ? size : 1,
  };
}

function differenceOf(
  reference: ModelOutputs,
  float: OutputTensor & { readonly name: string },
  spans: readonly SampleSpan[],
  measure: DivergenceMeasure,
  alone: boolean,
  call: MetricCall,
): Difference {
  const { data, name } = float;
  if (measure === "kl")
    return classDivergence(float, spans, scoreRows(reference, name, call).classes);
  const bytes = data.BYTES_PER_ELEMENT;
  const floats = data instanceof Float32Array || data instanceof Float64Array;
  if (!floats && bytes >= 4) return unequalElements(float, spans);
  const classes = measure === "auto" && floats ? classesOf(float, alone) : undefined;
  return classes === undefined
    ? squaredDifference(float, spans)
    : classDivergence(float, spans, classes);
}

/** Scores of a row where the rows are class scores by what can be told. */
function classesOf(float: OutputTensor, alone: boolean): number | undefined {
  const { dims, batchDims = [dims] } = float;
  const shapes = batchDims.map((shape) => {
    const end = shape.findLastIndex((extent) => extent !== 1);
    return shape.slice(0, Math.max(2, end + 1));
  });
  const classes = shapes[0]!.at(-1) ?? 0;
  const data = float.data as Float32Array;
  const isRows = shapes.every((shape) => shape.length >= 2 && shape.at(-1) === classes);
  if (!isRows || classes < 2) return undefined;
  const few = alone && shapes.every(({ length }) => length <= 3);
  return few || probabilities(data, classes) ? classes : undefined;
}

/** All rows are numbers from 0 to 1 whose sum is 1. */
function probabilities(data: Float32Array, classes: number): boolean {
  for (let row = 0; row < data.length; row += classes) {
    let sum = 0;
    for (let i = row; i < row + classes; i++) {
      if (!(data[i]! >= 0 && data[i]! <= 1)) return false;
      sum += data[i]!;
    }
    if (Math.abs(sum - 1) > 1e-3) return false;
  }
  return data.length > 0;
}

/**
 * The error of each sample, in units of the best constant's mean error. An output of another shape
 * than the float model's counts as what tells nothing.
 * @throws EvaluationError when the samples do not match in number
 */
export function relativeErrors(
  { name, float, spans, difference, unit }: PreparedOutput,
  outputs: ModelOutputs,
  call: MetricCall | undefined,
): number[] {
  const output = selectOutput(outputs, name, call);
  const own = outputSamples(output, call?.batchSizes);
  const partial = call?.partial === true;
  if (partial ? own.length > spans.length : own.length !== spans.length)
    throw new EvaluationError(
      "metric.output",
      `output ${quoteName(name)} is ${output.dims.join(" x ")}, the float model's ` +
        `${float.dims.join(" x ")}; allowed: the same number of samples`,
    );
  const errors = own.map(({ start, end }, i) => {
    const span = spans[i]!;
    if (end - start !== span.end - span.start)
      return Math.max(1, difference.constantErrors[i]! / unit);
    return difference.error(output, start, span) / unit;
  });
  return expandToSamples(errors, own);
}

function meanOverSamples(values: Float64Array, spans: readonly SampleSpan[]): number {
  let sum = 0;
  let count = 0;
  spans.forEach(({ samples }, i) => {
    sum += samples * values[i]!;
    count += samples;
  });
  return sum / Math.max(1, count);
}
