import type { OutputTensor } from "../metric.js";
import type { SampleSpan } from "../outputs/output-samples.js";
import { areAligned, type Difference } from "./difference.js";

/**
 * How many elements are not equal: for classes, ids and counts, whose distance says nothing. The
 * best constant is the most frequent value at each place, or of all where samples differ in shape.
 */
export function unequalElements(float: OutputTensor, spans: readonly SampleSpan[]): Difference {
  const { data } = float;
  const period = areAligned(spans) ? Math.max(1, spans[0]!.end - spans[0]!.start) : 1;
  const counts = Array.from({ length: period }, () => new Map<number | bigint, number>());
  for (const { start, end } of spans)
    for (let i = start; i < end; i++) {
      const seen = counts[(i - start) % period]!;
      seen.set(data[i]!, (seen.get(data[i]!) ?? 0) + 1);
    }
  const modes = counts.map((seen) => {
    let best: number | bigint | undefined;
    for (const [value, count] of seen) if (count > (seen.get(best!) ?? 0)) best = value;
    return best;
  });
  return {
    constantErrors: Float64Array.from(spans, ({ start, end }) => {
      let unequal = 0;
      for (let i = start; i < end; i++) if (data[i] !== modes[(i - start) % period]) unequal++;
      return unequal;
    }),
    sizes: Float64Array.from(spans, ({ start, end }) => end - start),
    error: (output, at, { start, end }) => {
      let unequal = 0;
      for (let i = start; i < end; i++) if (output.data[at + i - start] !== data[i]) unequal++;
      return unequal;
    },
  };
}
