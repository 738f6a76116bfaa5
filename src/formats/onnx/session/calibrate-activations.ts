import type { Placement } from "../../../deploy/placement.js";
import { checkBatches } from "../../../measure/batches/check-batches.js";
import type { Batch, TensorData } from "../../../measure/batches/tensor-data.js";
import { checkModel, checkOptions } from "../check-arguments.js";
import type { OnnxModel } from "../read/onnx-model.js";
import {
  ActivationRanges,
  type ObservedTensor,
  observeTensor,
} from "../write/activation-ranges.js";
import { placementOf } from "../write/place-tensors.js";
import { ChannelMeans, channelUses } from "./channel-means.js";
import { FiniteValues } from "./finite-values.js";
import { loadOnnxRuntime } from "./ort-session.js";
import { modelInputs } from "./runtime-types.js";
import {
  activationNames,
  type LoadRuntime,
  toFloat32,
  type VisitActivationsOptions,
  visitActivations,
} from "./visit-activations.js";

/** Options of {@link calibrateActivations}. */
export type CalibrateActivationsOptions = VisitActivationsOptions;

/**
 * Runs the float model over calibration data once and observes every activation that goes into a
 * layer. The result serves all genomes of the model, and does not depend on how they are measured:
 * the float model runs at optimization level `basic` on one thread. Elements that are NaN or
 * infinite are skipped and counted (`skipped` of the result). Memory: the activations of one batch,
 * and a histogram for each tensor.
 * @param calibration batches, 1 or more; a few hundred samples are enough as a rule
 * @throws InvalidArgumentError for what is no model or known option; InvalidDataError for batches
 *   that do not fit the model, and where more than 1% of a layer's activation is NaN or infinite
 *   (names the tensor);
 *   MissingDependencyError without onnxruntime-node; EvaluationError when the model does not run;
 *   UnsupportedError for activations that are no floats; the signal's reason once aborted
 */
export async function calibrateActivations(
  model: OnnxModel,
  calibration: readonly Batch[],
  options: CalibrateActivationsOptions = {},
): Promise<ActivationRanges> {
  checkModel(model);
  checkOptions(options, ["runtime", "importRuntime", "signal"]);
  return calibrateIn(loadOnnxRuntime, model, calibration, options);
}

/** {@link calibrateActivations} in a runtime of another process, perhaps. */
export async function calibrateIn(
  loadRuntime: LoadRuntime,
  model: OnnxModel,
  calibration: readonly Batch[],
  options: CalibrateActivationsOptions,
): Promise<ActivationRanges> {
  checkBatches(modelInputs(model), calibration, "calibration");
  options.signal?.throwIfAborted();
  const tensors = new Map<string, ObservedTensor>();
  const needed = activationNames(model);
  const names = new Set([...needed, ...rangesOf(placementOf(model))]);
  const unfit = new Set<string>();
  const values = new FiniteValues();
  const uses = channelUses(model);
  const means = new ChannelMeans(uses, (x) => x);
  const visit = (name: string, elementType: number, tensor: TensorData) => {
    const all = toFloat32(tensor.data);
    const { finite, zeroed } = values.take(name, all);
    // What lies between layers may be infinite, as masks are; it then stays in float.
    if (finite !== all) unfit.add(name);
    let observed = tensors.get(name);
    if (observed === undefined) {
      observed = observeTensor(name, elementType);
      tensors.set(name, observed);
    }
    observed.observer.observe(finite);
    means.add(name, zeroed, tensor.dims);
  };
  await visitActivations(model, calibration, options, names, visit, loadRuntime);
  for (const name of unfit) if (!needed.has(name)) tensors.delete(name);
  values.check(needed);
  const inputMeans = new Map(
    uses.flatMap((use) => {
      const mean = means.of(use);
      return mean === undefined ? [] : [[use.operator, mean] as const];
    }),
  );
  const skipped = [...values.skipped()].filter(([name]) => needed.has(name));
  return new ActivationRanges(tensors, unfit, inputMeans, new Map(skipped));
}

/** The values between layers that some genome may round. */
function rangesOf({ operators = [] }: Placement): string[] {
  return operators.flatMap(({ kernel, reads, makes, clamp }) =>
    kernel.form === undefined || kernel.form === "clamp"
      ? []
      : [...reads.map(({ value }) => value), ...makes, ...(clamp ? [clamp.raw] : [])],
  );
}
