import { elementCount, LayerKind, type LayerSpec } from "../../model/layer-spec.js";
import type { OperatorClass } from "./profile-schema.js";

/**
 * The operator class, which decides the formats that a runtime has. It separates 1 x 1 convolutions
 * from others.
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

/** Whether a layer is a convolution of any kind. Its channels are axis 1. */
export function isConvolution(layer: LayerSpec): boolean {
  return (
    layer.kind === LayerKind.CONV ||
    layer.kind === LayerKind.DEPTHWISE_CONV ||
    layer.kind === LayerKind.CONV_TRANSPOSE
  );
}

/** Number of output channels, from the layout of the weights or else the output shape. */
export function outputChannels(layer: LayerSpec): number {
  const { weightLayout, outputShape } = layer;
  if (weightLayout !== undefined) return weightLayout.shape[weightLayout.channelAxis] ?? 1;
  if (elementCount(outputShape) === 0 || outputShape.length === 0) return 1;
  return (isConvolution(layer) ? outputShape[1] : outputShape.at(-1)) ?? 1;
}

/** Number of input channels, from the input shape; 1 for a depthwise convolution. */
export function inputChannels(layer: LayerSpec): number {
  if (layer.kind === LayerKind.DEPTHWISE_CONV) return 1;
  const { inputShape } = layer;
  return Math.max(1, (isConvolution(layer) ? inputShape[1] : inputShape.at(-1)) ?? 1);
}
