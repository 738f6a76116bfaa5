import { nextTask } from "../../async/next-task.js";
import { InvalidArgumentError } from "../../errors.js";
import { indexAlong, inputChannels } from "../../model/input-channels.js";
import type { LayerSpec } from "../../model/layer-spec.js";
import { weightLayoutOf } from "../../model/weight-layout-of.js";
import type { ProbeOptions, SensitivityMetric } from "./contract.js";
import { type HarmsMetric, withHarms } from "./deprecated-harms.js";
import { checkProbeBits, probedWeights } from "./probe.js";

/**
 * Relative error of a layer's output on calibration data: the power of the output error over the
 * power of the output. Inputs are taken as uncorrelated, so each weight's squared error counts by
 * the mean square of its input channel. That is the diagonal of the layer-wise Hessian (LeCun et
 * al. 1990, "Optimal Brain Damage"; Frantar et al. 2023, "GPTQ").
 * @param inputPower mean square of each input channel, by layer name, as `layerInputPower` of
 *   `quantevo/onnx` collects it. A depthwise layer has one value a channel. A layer that is missing
 *   has inputs of equal power.
 * @throws InvalidArgumentError when `bits` is 32. Its `lossIncreases` throws InvalidArgumentError
 *   for a layer without weights, or whose input channels do not fit its weights.
 *
 * @example
 * ```ts
 * const metric = outputError(await layerInputPower(model, calibrationBatches));
 * ```
 */
export function outputError(
  inputPower: ReadonlyMap<string, Float32Array>,
  options: ProbeOptions = {},
): SensitivityMetric & HarmsMetric {
  const bits = checkProbeBits(options.bits);
  return withHarms({
    name: "output-error",
    kind: "predicted",
    async lossIncreases(model, { signal }) {
      const lossIncreases = new Map<string, number>();
      for (const layer of model.layers) {
        lossIncreases.set(
          layer.name,
          relativeError(layer, probedWeights(layer, bits), inputPower.get(layer.name)),
        );
        await nextTask();
        signal?.throwIfAborted();
      }
      return lossIncreases;
    },
  });
}

function relativeError(
  layer: LayerSpec,
  probed: Float32Array,
  power: Float32Array | undefined,
): number {
  const weights = layer.weights!;
  const powerOf = power === undefined ? () => 1 : powerByElement(layer, power);
  let error = 0;
  let signal = 0;
  for (let i = 0; i < weights.length; i++) {
    const p = powerOf(i);
    error += p * (probed[i]! - weights[i]!) ** 2;
    signal += p * weights[i]! ** 2;
  }
  return signal > 0 ? error / signal : 0;
}

/** Power of the input that each weight is multiplied with, by the index of the weight. */
function powerByElement(layer: LayerSpec, power: Float32Array): (element: number) => number {
  const layout = weightLayoutOf(layer);
  const { shape, channelAxis, groupAxis } = layout;
  const channelOf = indexAlong(shape, channelAxis);
  const inputs = inputChannels(layout, power.length);
  if (inputs !== undefined) {
    const { ofChannel, ofPlace } = inputs;
    const placeOf = indexAlong(shape, groupAxis);
    return (element) => power[ofChannel[channelOf(element)]! + ofPlace[placeOf(element)]!]!;
  }
  const reduction = shape[groupAxis] ?? 1;
  const channels = shape[channelAxis] ?? 1;
  // A layout that does not say so, of a depthwise layer.
  if (power.length > 0 && channels % power.length === 0) {
    const perInput = channels / power.length;
    return (element) => power[Math.floor(channelOf(element) / perInput)]!;
  }
  throw new InvalidArgumentError(
    `inputPower.${layer.name}`,
    `inputPower of layer ${JSON.stringify(layer.name)} has ${power.length} channels; ` +
      `allowed: a divisor of ${reduction} (its inputs) or of ${channels} (its channels)`,
  );
}
