import type { TensorArray, TensorData } from "../../batches/tensor-data.js";
import type { OutputTensor } from "../metric.js";

/** Where the samples of an output lie in its data. */
export interface SampleSpan {
  readonly start: number;
  readonly end: number;
  /** Dims of the sample's part, without the dimension of the batch where there is one. */
  readonly dims: readonly number[];
  /** Samples that it stands for: 1, or all of a batch whose output does not tell them apart. */
  readonly samples: number;
}

/**
 * The samples of an output, whatever the shapes of its batches. The first dimension of a batch
 * counts samples where it is as large as the batch; in a batch of one sample, or in one whose
 * output has another first dimension, all of the output is one piece.
 * @param batchSizes samples of each batch; undefined: what the first dimension says
 */
export function outputSamples(
  { data, dims, batchDims = [dims] }: OutputTensor,
  batchSizes?: readonly number[],
): SampleSpan[] {
  const spans: SampleSpan[] = [];
  let at = 0;
  // Outputs that were joined by hand have no batches of their own.
  const sizes = batchSizes?.length === batchDims.length ? batchSizes : undefined;
  batchDims.forEach((shape, i) => {
    const length = batchDims.length === 1 ? data.length : elements(shape);
    const size = sizes?.[i] ?? shape[0] ?? 1;
    const counted = shape.length > 0 && shape[0] === size && size > 0;
    const count = counted ? size : 1;
    for (let s = 0; s < count; s++)
      spans.push({
        start: at + (s * length) / count,
        end: at + ((s + 1) * length) / count,
        dims: counted ? shape.slice(1) : shape,
        samples: counted || sizes === undefined ? 1 : size,
      });
    at += length;
  });
  return spans;
}

/** The part of an output that a sample has. */
export function sampleTensor(output: TensorData, { start, end, dims }: SampleSpan): TensorData {
  return { data: output.data.subarray(start, end) as TensorArray, dims };
}

/** A value for each sample, from one for each span. */
export function expandToSamples(values: ArrayLike<number>, spans: readonly SampleSpan[]): number[] {
  return spans.flatMap(({ samples }, i) => new Array<number>(samples).fill(values[i]!));
}

/** Elements of a shape. */
export function elements(dims: readonly number[]): number {
  return dims.reduce((product, extent) => product * extent, 1);
}
