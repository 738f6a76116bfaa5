import { elementCount, LayerKind, type LayerSpec } from "../../model/layer-spec.js";
import type { OperatorClass } from "./profile-schema.js";

/**
 * The kind of operator that decides which formats a runtime has: 1 x 1 convolutions are told apart.
 */
export function operatorClass(layer: LayerSpec): OperatorClass {
  const inputs = layer.inputShape[1];
  const outputs = layer.outputShape[1];
  const pointwise =
    layer.kind === LayerKind.CONV &&
    inputs !== undefined &&
    outputs !== undefined &&
    layer.parameterCount === inputs * outputs;
  return pointwise ? "pointwise-conv" : layer.kind;
}

/** True for the three kinds of convolution, whose channels are axis 1. */
export function isConvolution(layer: LayerSpec): boolean {
  return (
    layer.kind === LayerKind.CONV ||
    layer.kind === LayerKind.DEPTHWISE_CONV ||
    layer.kind === LayerKind.CONV_TRANSPOSE
  );
}

/** Output channels of a layer: from the layout of its weights, else from its output shape. */
export function outputChannels(layer: LayerSpec): number {
  const { weightLayout, outputShape } = layer;
  if (weightLayout !== undefined) return weightLayout.shape[weightLayout.channelAxis] ?? 1;
  if (elementCount(outputShape) === 0 || outputShape.length === 0) return 1;
  return (isConvolution(layer) ? outputShape[1] : outputShape.at(-1)) ?? 1;
}

/** Input channels of a layer, from its input shape; 1 for a depthwise convolution. */
export function inputChannels(layer: LayerSpec): number {
  if (layer.kind === LayerKind.DEPTHWISE_CONV) return 1;
  const { inputShape } = layer;
  return Math.max(1, (isConvolution(layer) ? inputShape[1] : inputShape.at(-1)) ?? 1);
}
