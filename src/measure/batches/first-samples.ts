import type { ModelOutputs } from "../metrics/metric.js";
import type { ModelInput } from "./model-input.js";
import type { Batch, TensorArray } from "./tensor-data.js";

/** A data set of which any first part can be taken. */
export interface SampleBatches {
  /** Samples of all batches. */
  readonly count: number;
  /**
   * The batches that hold the first `samples` samples, the last cut to fit where the model takes
   * batches of any size, whole where it does not. Parts are nested: a larger one begins with the
   * smaller. Nothing is shuffled: data in a telling order (class by class) is for the user to
   * shuffle.
   */
  first(samples: number): { readonly batches: readonly Batch[]; readonly samples: number };
}

/**
 * The batches as a row of samples, the index of each tensor's first dimension; undefined when they
 * are none (an output whose first dimension is not that of the inputs).
 * @param outputs of the float model over all batches
 */
export function sampleBatches(
  inputs: readonly ModelInput[],
  batches: readonly Batch[],
  outputs: ModelOutputs,
): SampleBatches | undefined {
  const sizes = batches.map((batch) => batchSize(batch));
  if (sizes.some((size) => size === undefined)) return undefined;
  const count = sizes.reduce<number>((sum, size) => sum + size!, 0);
  if (Object.values(outputs).some(({ dims }) => dims[0] !== count)) return undefined;
  const cuts = inputs.every(({ dims }) => dims.length > 0 && dims[0]! < 0);
  return {
    count,
    first(samples) {
      const taken: Batch[] = [];
      let left = Math.min(samples, count);
      for (const [i, batch] of batches.entries()) {
        if (left <= 0) break;
        const size = sizes[i]!;
        taken.push(cuts && left < size ? firstSamples(batch, left) : batch);
        left -= size;
      }
      return { batches: taken, samples: taken.reduce((sum, batch) => sum + batchSize(batch)!, 0) };
    },
  };
}

/** The first dimension that all tensors of a batch share. */
function batchSize(batch: Batch): number | undefined {
  const [first, ...others] = Object.values(batch).map(({ dims }) => dims[0]);
  return first !== undefined && others.every((extent) => extent === first) ? first : undefined;
}

/** The first samples of a batch, sharing its memory. */
export function firstSamples(batch: Batch, samples: number): Batch {
  if (Object.values(batch).every(({ dims }) => dims[0] === samples)) return batch;
  return Object.fromEntries(
    Object.entries(batch).map(([name, { data, dims }]) => {
      const perSample = data.length / dims[0]!;
      return [
        name,
        {
          data: data.subarray(0, samples * perSample) as TensorArray,
          dims: [samples, ...dims.slice(1)],
        },
      ];
    }),
  );
}
