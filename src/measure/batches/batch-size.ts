import type { ModelInput } from "./model-input.js";
import type { Batch } from "./tensor-data.js";

/**
 * The inputs that must agree on the size of a batch: those whose first dimension the model leaves
 * open. A state [2, batch, width] or a table beside the samples has a first dimension of its own.
 */
export function openInputs(inputs: readonly ModelInput[]): readonly ModelInput[] {
  const open = inputs.filter(({ dims }) => dims.length > 0 && dims[0]! < 0);
  // No dims stand for an input whose shape the file does not give.
  return open.length > 0 ? open : inputs.filter(({ dims }) => dims.length === 0);
}

/**
 * Samples of a checked batch: the first dimension of the open inputs. Where the model fixes all,
 * the least of them, as whatever else is fixed beside the samples is no smaller than one batch; 1
 * where no input has a dimension.
 */
export function batchSize(inputs: readonly ModelInput[], batch: Batch): number {
  const extentOf = ({ name }: ModelInput) => batch[name]?.dims[0] ?? [];
  const [open] = openInputs(inputs).flatMap(extentOf);
  const extents = inputs.flatMap(extentOf);
  return open ?? (extents.length > 0 ? Math.min(...extents) : 1);
}
