import { nextTask } from "../../async/next-task.js";
import { InvalidArgumentError } from "../../errors.js";
import { elementCount, type LayerSpec } from "../../model/layer-spec.js";
import { weightLayoutOf } from "../../model/weight-layout-of.js";
import type { ProbeOptions, SensitivityMetric } from "./contract.js";
import { checkProbeBits, probedWeights } from "./probe.js";

/**
 * Relative error of a layer's output on calibration data: power of what the error of the weights
 * adds to it over power of the output, inputs taken as uncorrelated, so that a weight's error
 * counts by the mean square of the input channel that it is multiplied with (the diagonal of the
 * layer-wise Hessian of Optimal Brain Damage and GPTQ). Weights of strong inputs count more.
 * @param inputPower mean square of each input channel, by layer, as `layerInputPower` of
 *   `quantevo/onnx` collects it; a layer that is missing has inputs of equal power. Of a depthwise
 *   layer, one for each of its channels
 * @throws InvalidArgumentError when `bits` is 32; (from `harms`) for a layer without weights, or
 *   whose inputs are not as many as its weights need
 */
export function outputError(
  inputPower: ReadonlyMap<string, Float32Array>,
  options: ProbeOptions = {},
): SensitivityMetric {
  const bits = checkProbeBits(options.bits);
  return {
    name: "output-error",
    kind: "predicted",
    async harms(model, { signal }) {
      const harms = new Map<string, number>();
      for (const layer of model.layers) {
        harms.set(
          layer.name,
          relativeError(layer, probedWeights(layer, bits), inputPower.get(layer.name)),
        );
        await nextTask();
        signal?.throwIfAborted();
      }
      return harms;
    },
  };
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

/** Power of the input that an element of the weights is multiplied with. */
function powerByElement(layer: LayerSpec, power: Float32Array): (element: number) => number {
  const { shape, channelAxis, groupAxis } = weightLayoutOf(layer);
  const at = (axis: number) => {
    const inner = elementCount(shape.slice(axis + 1));
    const extent = shape[axis] ?? 1;
    return (element: number) => Math.floor(element / inner) % extent;
  };
  const reduction = shape[groupAxis] ?? 1;
  const channels = shape[channelAxis] ?? 1;
  if (power.length > 0 && reduction % power.length === 0) {
    // A kernel's positions share their input channel.
    const perChannel = reduction / power.length;
    const place = at(groupAxis);
    return (element) => power[Math.floor(place(element) / perChannel)]!;
  }
  // Grouped: output channels see their own group's inputs, of which the mean is taken.
  if (power.length > 0 && channels % power.length === 0) {
    const perInput = channels / power.length;
    const place = at(channelAxis);
    return (element) => power[Math.floor(place(element) / perInput)]!;
  }
  throw new InvalidArgumentError(
    `inputPower.${layer.name}`,
    `inputPower of layer ${JSON.stringify(layer.name)} has ${power.length} channels; ` +
      `allowed: a divisor of ${reduction} (its inputs) or of ${channels} (its channels)`,
  );
}
