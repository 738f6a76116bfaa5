import type { ModelOutputs } from "../metrics/metric.js";
import { batchSize, openInputs } from "./batch-size.js";
import type { ModelInput } from "./model-input.js";
import type { Batch, TensorArray } from "./tensor-data.js";

/** A data set of which any first part can be taken. */
export interface SampleBatches {
  /** Samples of all batches. */
  readonly count: number;
  /** Samples of each batch. */
  readonly sizes: readonly number[];
  /**
   * The batches that hold the first `samples` samples, the last cut to fit where the model takes
   * batches of any size, whole where it does not. Parts are nested: a larger one begins with the
   * smaller. Nothing is shuffled: data in a telling order (class by class) is for the user to
   * shuffle.
   */
  first(samples: number): {
    readonly batches: readonly Batch[];
    readonly samples: number;
    readonly sizes: readonly number[];
  };
}

/**
 * The batches as a row of samples, the index of the first dimension of what is fed and of what
 * comes out; undefined when they are none (an output of several samples that does not tell them
 * apart).
 * @param outputs of the float model over all batches
 */
export function sampleBatches(
  inputs: readonly ModelInput[],
  batches: readonly Batch[],
  outputs: ModelOutputs,
): SampleBatches | undefined {
  const sizes = batchSizes(inputs, batches);
  const apart = Object.values(outputs).every(({ dims, batchDims }) =>
    batchDims === undefined && sizes.length > 1
      ? dims[0] === sizes.reduce((sum, size) => sum + size, 0)
      : (batchDims ?? [dims]).every((shape, i) => sizes[i] === 1 || shape[0] === sizes[i]),
  );
  if (!apart) return undefined;
  const count = sizes.reduce((sum, size) => sum + size, 0);
  const open = new Set(openInputs(inputs));
  const cuts = inputs.every((input) => input.dims.length > 0 && open.has(input));
  return {
    count,
    sizes,
    first(samples) {
      const taken: Batch[] = [];
      const takenSizes: number[] = [];
      let left = Math.min(samples, count);
      for (const [i, batch] of batches.entries()) {
        if (left <= 0) break;
        const size = cuts ? Math.min(left, sizes[i]!) : sizes[i]!;
        taken.push(size < sizes[i]! ? firstSamples(batch, size) : batch);
        takenSizes.push(size);
        left -= size;
      }
      const total = takenSizes.reduce((sum, size) => sum + size, 0);
      return { batches: taken, samples: total, sizes: takenSizes };
    },
  };
}

/** Samples of each batch. */
export function batchSizes(inputs: readonly ModelInput[], batches: readonly Batch[]): number[] {
  return batches.map((batch) => batchSize(inputs, batch));
}

/** The first samples of a batch, sharing its memory. */
export function firstSamples(batch: Batch, samples: number): Batch {
  // The whole of a batch whose inputs do not all have the samples in their first dimension.
  if (Object.values(batch)[0]?.dims[0] === samples) return batch;
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
