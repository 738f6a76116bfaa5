/** What a layer computes, as far as cost and sensitivity depend on it. */
export const LayerKind = {
  CONV: "conv",
  DEPTHWISE_CONV: "depthwise-conv",
  CONV_TRANSPOSE: "conv-transpose",
  GEMM: "gemm",
  MATMUL: "matmul",
  ATTENTION: "attention",
  EMBEDDING: "embedding",
  RECURRENT: "recurrent",
  OTHER: "other",
} as const;
/** One of the values of {@link (LayerKind:variable)}. */
export type LayerKind = (typeof LayerKind)[keyof typeof LayerKind];

/** How a weight tensor is cut into channels and groups. */
export interface WeightLayout {
  /**
   * Row-major shape; a view of the stored tensor (a convolution [O, I, kh, kw] is seen as [O,
   * I*kh*kw]).
   */
  readonly shape: readonly number[];
  /** Axis of the output channels: one scale per index for per-channel quantization. */
  readonly channelAxis: number;
  /** Axis along which per-group blocks lie (the reduction axis). */
  readonly groupAxis: number;
}

/**
 * One layer: a weight tensor and the work done with it. Counts are for one inference at batch 1.
 */
export interface LayerSpec {
  /** Unique within the model, not empty. */
  readonly name: string;
  readonly kind: LayerKind;
  /** Elements of the weight tensor (without biases). */
  readonly parameterCount: number;
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  /** Shape of the activation that comes in, batch 1. */
  readonly inputShape: readonly number[];
  /** Shape of the activation that goes out, batch 1. */
  readonly outputShape: readonly number[];
  /** The weights, row-major over `weightLayout.shape`. Absent when only the shape is known. */
  readonly weights?: Float32Array;
  /** How the weights are cut; present whenever `weights` is. */
  readonly weightLayout?: WeightLayout;
  /**
   * Layers whose output reaches this one's input with no other layer between; absent = the layer
   * before it in the list.
   */
  readonly inputs?: readonly string[];
  /**
   * Elementwise operators and norms on the output before another layer reads it, by ONNX name
   * (`HardSwish`, `LayerNormalization`). A clamp (`Relu`, `Clip`) costs nothing anywhere and need
   * not be listed. Default none.
   */
  readonly followedBy?: readonly string[];
}

/** A trained network as a list of layers. */
export interface ModelSpec {
  readonly name: string;
  readonly layers: readonly LayerSpec[];
  /** Where the shapes come from: `reference-workload` was built from names alone. */
  readonly source: "reference-workload" | "onnx" | "user";
  /**
   * Parameters that stay in float32 whatever the genome says: biases, norms, constants. Default 0.
   */
  readonly floatParameterCount?: number;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const extent of shape) count *= extent;
  return count;
}
