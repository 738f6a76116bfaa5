import { checkBatches } from "../../../measure/batches/check-batches.js";
import type { Batch } from "../../../measure/batches/tensor-data.js";
import { checkModel, checkOptions } from "../check-arguments.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { ChannelMeans, channelUses } from "./channel-means.js";
import { FiniteValues } from "./finite-values.js";
import { modelInputs } from "./runtime-types.js";
import { toFloat32, type VisitActivationsOptions, visitActivations } from "./visit-activations.js";

/**
 * Mean square of each input channel of each layer over calibration data, of the float model: what
 * `outputError` weighs the error of weights with. A layer that reads no activation (an embedding)
 * is missing; of a layer that is used several times its first use counts. Memory: the activations
 * of one batch.
 * @param calibration batches, 1 or more
 * @throws InvalidArgumentError for what is no model or known option; InvalidDataError for batches
 *   that do not fit the model, and where more than 1% of an activation is NaN or infinite (fewer
 *   count as 0); MissingDependencyError without onnxruntime-node; EvaluationError when the model
 *   does not run; UnsupportedError for activations that are no floats; the signal's reason once
 *   aborted
 */
export async function layerInputPower(
  model: OnnxModel,
  calibration: readonly Batch[],
  options: VisitActivationsOptions = {},
): Promise<ReadonlyMap<string, Float32Array>> {
  checkModel(model);
  checkOptions(options, ["runtime", "importRuntime", "signal"]);
  checkBatches(modelInputs(model), calibration, "calibration");
  const uses = channelUses(model);
  const finite = new FiniteValues();
  const means = new ChannelMeans(uses, (x) => x * x);
  const names = new Set(uses.map(({ tensor }) => tensor));
  await visitActivations(model, calibration, options, names, (name, _, { data, dims }) => {
    means.add(name, finite.take(name, toFloat32(data)).zeroed, dims);
  });
  finite.check(names);
  const power = new Map<string, Float32Array>();
  for (const use of uses) {
    const mean = power.has(use.layer) ? undefined : means.of(use);
    if (mean !== undefined) power.set(use.layer, mean);
  }
  return power;
}
