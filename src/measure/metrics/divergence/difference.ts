import type { OutputTensor } from "../metric.js";
import type { SampleSpan } from "../outputs/output-samples.js";

/**
 * How far an output is from the float model's, sample by sample, in a unit in which the float model
 * can be compared with a constant: what it varies by is what its output tells.
 */
export interface Difference {
  /**
   * Error of the piece of the output that begins at `at` against one of the float model's, equally
   * large.
   */
  error(output: OutputTensor, at: number, span: SampleSpan): number;
  /**
   * For each piece of the float model's output, the error of the best constant: one that is the
   * same for every sample.
   */
  readonly constantErrors: Float64Array;
  /** What takes their place where the float model's output is constant itself. */
  readonly sizes: Float64Array;
}

/**
 * The pieces are equally large and there are several, so that a constant can have a value of its
 * own at each place.
 */
export function areAligned(spans: readonly SampleSpan[]): boolean {
  const length = spans[0]!.end - spans[0]!.start;
  return spans.length > 1 && spans.every(({ start, end }) => end - start === length);
}
