import type { OutputTensor } from "../metric.js";
import type { SampleSpan } from "../outputs/output-samples.js";
import type { NumberArray } from "../outputs/score-rows.js";
import { areAligned, type Difference } from "./difference.js";

/**
 * Squared error. The best constant is the mean at each place; where samples differ in shape, or
 * there is one, the mean of each index of the last dimension. Places where the float model's output
 * is infinite (masked) are passed over.
 */
export function squaredDifference(float: OutputTensor, spans: readonly SampleSpan[]): Difference {
  const data = float.data as NumberArray;
  const period = meanPeriod(spans);
  const sums = new Float64Array(period);
  const counts = new Float64Array(period);
  forEachFinite(data, spans, (value, place) => {
    sums[place % period]! += value;
    counts[place % period]! += 1;
  });
  const constantErrors = new Float64Array(spans.length);
  const sizes = new Float64Array(spans.length);
  forEachFinite(data, spans, (value, place, span) => {
    constantErrors[span]! += (value - sums[place % period]! / counts[place % period]!) ** 2;
    sizes[span]! += value * value;
  });
  return {
    constantErrors,
    sizes,
    error: (output, at, { start, end }) => {
      const found = output.data as NumberArray;
      let sum = 0;
      for (let i = start; i < end; i++)
        if (Number.isFinite(data[i]!)) sum += (found[at + i - start]! - data[i]!) ** 2;
      return sum;
    },
  };
}

/** After how many elements of a piece the constant's values come again. */
function meanPeriod(spans: readonly SampleSpan[]): number {
  const { start, end, dims } = spans[0]!;
  if (areAligned(spans)) return Math.max(1, end - start);
  const last = dims.at(-1) ?? 1;
  const rows = spans.some((span) => span.end - span.start > last);
  return last > 0 && rows && spans.every((span) => span.dims.at(-1) === last) ? last : 1;
}

function forEachFinite(
  data: NumberArray,
  spans: readonly SampleSpan[],
  visit: (value: number, place: number, span: number) => void,
): void {
  spans.forEach(({ start, end }, span) => {
    for (let i = start; i < end; i++)
      if (Number.isFinite(data[i]!)) visit(data[i]!, i - start, span);
  });
}
