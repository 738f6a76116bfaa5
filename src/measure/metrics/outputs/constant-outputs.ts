import type { ModelOutputs } from "../metric.js";
import { outputSamples } from "./output-samples.js";

/** Names of the outputs that are the same for each of two samples or more: they tell nothing. */
export function constantOutputs(
  outputs: ModelOutputs,
  batchSizes: readonly number[] | undefined,
): string[] {
  return Object.entries(outputs).flatMap(([name, output]) => {
    const [first, ...others] = outputSamples(output, batchSizes);
    if (first === undefined || others.length === 0) return [];
    const { data } = output;
    const same = others.every(({ start, end }) => {
      if (end - start !== first.end - first.start) return false;
      for (let i = start; i < end; i++) if (data[i] !== data[first.start + i - start]) return false;
      return true;
    });
    return same ? [name] : [];
  });
}
