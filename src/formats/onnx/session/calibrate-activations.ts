import { checkBatches } from "../../../measure/batches/check-batches.js";
import type { Batch } from "../../../measure/batches/tensor-data.js";
import { checkModel, checkOptions } from "../check-arguments.js";
import type { OnnxModel } from "../read/onnx-model.js";
import {
  ActivationRanges,
  type ObservedTensor,
  observeTensor,
} from "../write/activation-ranges.js";
import { modelInputs } from "./runtime-types.js";
import { toFloat32, type VisitActivationsOptions, visitActivations } from "./visit-activations.js";

/** Options of {@link calibrateActivations}. */
export type CalibrateActivationsOptions = VisitActivationsOptions;

/**
 * Runs the float model over calibration data once and observes every activation that goes into a
 * layer. The result serves all genomes of the model, and does not depend on how they are measured:
 * the float model runs at optimization level `basic` on one thread. Memory: the activations of one
 * batch, and a histogram for each tensor.
 * @param calibration batches, 1 or more; a few hundred samples are enough as a rule
 * @throws InvalidArgumentError for what is no model or known option; InvalidDataError for batches
 *   that do not fit the model, and for activations that are NaN or infinite (names the tensor);
 *   MissingDependencyError without onnxruntime-node; EvaluationError when the model does not run;
 *   UnsupportedError for activations that are no floats; the signal's reason once aborted
 */
export async function calibrateActivations(
  model: OnnxModel,
  calibration: readonly Batch[],
  options: CalibrateActivationsOptions = {},
): Promise<ActivationRanges> {
  checkModel(model);
  checkOptions(options, ["importRuntime", "signal"]);
  checkBatches(modelInputs(model), calibration, "calibration");
  options.signal?.throwIfAborted();
  const tensors = new Map<string, ObservedTensor>();
  await visitActivations(model, calibration, options, (name, elementType, { data }) => {
    let observed = tensors.get(name);
    if (observed === undefined) {
      observed = observeTensor(name, elementType);
      tensors.set(name, observed);
    }
    observed.observer.observe(toFloat32(data));
  });
  return new ActivationRanges(tensors);
}
