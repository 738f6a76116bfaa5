import { checkBatches } from "../../../measure/batches/check-batches.js";
import type { Batch } from "../../../measure/batches/tensor-data.js";
import { elementCount } from "../../../model/layer-spec.js";
import { checkModel, checkOptions } from "../check-arguments.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { FiniteValues } from "./finite-values.js";
import { modelInputs } from "./runtime-types.js";
import {
  activationNames,
  toFloat32,
  type VisitActivationsOptions,
  visitActivations,
} from "./visit-activations.js";

/** A tensor and the axis of its channels, as a layer reads it. */
interface ChannelUse {
  readonly tensor: string;
  /** Axis of the channels; negative counts from the end. */
  readonly axis: number;
  readonly layers: string[];
}

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
  checkOptions(options, ["importRuntime", "signal"]);
  checkBatches(modelInputs(model), calibration, "calibration");
  const uses = channelUses(model);
  const finite = new FiniteValues();
  const names = activationNames(model);
  const sums = new Map<ChannelUse, { squares: Float64Array; count: number }>();
  await visitActivations(model, calibration, options, names, (name, _, { data, dims }) => {
    const values = finite.zeroed(name, toFloat32(data));
    for (const use of uses.get(name) ?? []) {
      const axis = use.axis < 0 ? Math.max(0, dims.length + use.axis) : use.axis;
      const channels = dims[axis] ?? 1;
      let sum = sums.get(use);
      if (sum === undefined) {
        sum = { squares: new Float64Array(channels), count: 0 };
        sums.set(use, sum);
      }
      addSquares(sum.squares, values, channels, elementCount(dims.slice(axis + 1)));
      sum.count += values.length / channels;
    }
  });
  finite.check(names);
  const power = new Map<string, Float32Array>();
  for (const [{ layers }, { squares, count }] of sums) {
    const mean = Float32Array.from(squares, (square) => square / Math.max(1, count));
    for (const layer of layers) power.set(layer, mean);
  }
  return power;
}

/** By tensor; uses of a tensor along one axis share an entry. */
function channelUses(model: OnnxModel): ReadonlyMap<string, readonly ChannelUse[]> {
  const uses = new Map<string, ChannelUse[]>();
  const nodes = model.proto.graph?.node ?? [];
  for (const binding of model.bindings) {
    const use = binding.uses.find(({ activationInput }) => activationInput >= 0);
    if (use === undefined) continue;
    const node = nodes[use.node]!;
    const tensor = node.input[use.activationInput]!;
    const axis = use.channelAxis;
    const known = uses.get(tensor) ?? [];
    const same = known.find((other) => other.axis === axis);
    if (same !== undefined) same.layers.push(binding.layer);
    else uses.set(tensor, [...known, { tensor, axis, layers: [binding.layer] }]);
  }
  return uses;
}

function addSquares(
  squares: Float64Array,
  values: Float32Array,
  channels: number,
  inner: number,
): void {
  for (let start = 0, channel = 0; start < values.length; start += inner) {
    let sum = 0;
    for (let i = start; i < start + inner; i++) sum += values[i]! ** 2;
    squares[channel]! += sum;
    if (++channel === channels) channel = 0;
  }
}
