import type { ModelInput } from "./model-input.js";
import type { Batch } from "./tensor-data.js";

/** Names that exporters give the dimension of the samples. */
export const BATCH_NAME = /^(n|b|bs|n_?batch|batch.*)$/i;

/**
 * The inputs that have the samples in their first dimension: those where the model leaves it open,
 * under the name of a batch, else under the name that the first of them has. A state [2, batch,
 * width], a table or a list of another name beside the samples has a first dimension of its own.
 */
export function openInputs(inputs: readonly ModelInput[]): readonly ModelInput[] {
  const open = inputs.filter(({ dims }) => dims.length > 0 && dims[0]! < 0);
  const named = open.find(({ symbol }) => symbol !== undefined && BATCH_NAME.test(symbol));
  const samples = named ?? open[0];
  // No dims stand for an input whose shape the file does not give.
  return samples === undefined
    ? inputs.filter(({ dims }) => dims.length === 0)
    : open.filter(({ symbol }) => symbol === samples.symbol);
}

/**
 * Samples of a checked batch: the first dimension of the open inputs. Where the model fixes all,
 * the least of them, as whatever else is fixed beside the samples is no smaller than one batch; 1
 * where no input has a dimension.
 */
export function batchSize(inputs: readonly ModelInput[], batch: Batch): number {
  const extentOf = ({ name }: ModelInput) => batch[name]?.dims[0] ?? [];
  const [open] = openInputs(inputs).flatMap(extentOf);
  const extents = inputs.flatMap(extentOf).filter((extent) => extent > 0);
  return open ?? (extents.length > 0 ? Math.min(...extents) : 1);
}
