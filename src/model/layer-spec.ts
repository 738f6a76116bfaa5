/** The operation of a layer, as far as cost and sensitivity depend on it. */
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

/** How weights that lie in another order than the stored tensor are made of it. */
export interface WeightOrder {
  /** Shape of the stored tensor, some axes split in two. */
  readonly shape: readonly number[];
  /** Axis `i` of the weights is axis `permutation[i]` of `shape`, as in ONNX Transpose. */
  readonly permutation: readonly number[];
}

/** How a weight tensor is divided into channels and groups. */
export interface WeightLayout {
  /**
   * Row-major shape of a view of the stored tensor. A convolution [O, I, kh, kw] is viewed as [O,
   * I*kh*kw]. A view has one axis for all output channels: the directions and gates of a recurrent
   * layer are one axis, and so are the groups and channels of a transposed convolution.
   */
  readonly shape: readonly number[];
  /** Axis of the output channels. Per-channel quantization has one scale for each index. */
  readonly channelAxis: number;
  /** Reduction axis, along which per-group blocks lie. */
  readonly groupAxis: number;
  /**
   * Where the channels do not lie on neighbouring axes of the stored tensor, the order that puts
   * them there, of the weights as well. Default: the stored order.
   */
  readonly order?: WeightOrder;
  /**
   * Groups of a grouped convolution: the output channels of each read input channels of their own.
   * Divides the output channels. Default 1.
   */
  readonly inputGroups?: number;
}

/** One layer: a weight tensor and its work. Counts are for one inference at batch 1. */
export interface LayerSpec {
  /** Unique within the model, not empty. */
  readonly name: string;
  readonly kind: LayerKind;
  /** Number of elements of the weight tensor, without biases. */
  readonly parameterCount: number;
  /** Number of multiply-accumulates of one inference. */
  readonly macs: number;
  /** Shape of the input activation at batch 1. */
  readonly inputShape: readonly number[];
  /** Shape of the output activation at batch 1. */
  readonly outputShape: readonly number[];
  /** The weights, row-major over `weightLayout.shape`. Absent when only the shape is known. */
  readonly weights?: Float32Array;
  /** How the weights are divided. Required when `weights` is given. */
  readonly weightLayout?: WeightLayout;
  /**
   * Names of the layers whose output reaches this layer's input with no other layer between.
   * Default: the layer before it in the list.
   */
  readonly inputs?: readonly string[];
  /**
   * Elementwise operators and norms between the output and the next layer, by ONNX name
   * (`HardSwish`, `LayerNormalization`). A clamp (`Relu`, `Clip`) costs nothing on any target and
   * may be left out. Default: none.
   */
  readonly followedBy?: readonly string[];
}

/** A trained network as a list of layers. */
export interface ModelSpec {
  readonly name: string;
  readonly layers: readonly LayerSpec[];
  /** Where the shapes come from. A `reference-workload` was built from names alone. */
  readonly source: "reference-workload" | "onnx" | "user";
  /** Number of parameters that always stay in float32: biases, norms and constants. Default 0. */
  readonly floatParameterCount?: number;
  /**
   * Bytes that are stored whatever the genome says and are no parameters in float32: weights that
   * are quantized already, indices. Default 0.
   */
  readonly fixedBytes?: number;
  /** What lies between layers and may compute on codes or in float. Default: nothing. */
  readonly regions?: readonly RegionSpec[];
}

/** A group of operators between layers that hand values to each other. */
export interface RegionSpec {
  /** Unique within the model, as the first value that it computes. */
  readonly name: string;
  /** Its operators, by ONNX name, in model order. */
  readonly operators: readonly string[];
  /** Names of the layers that it reads from or that read from it, in model order. */
  readonly layers: readonly string[];
  /** What it is with 8-bit activations around it when a genome does not say. */
  readonly automatic: "integer" | "float";
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const extent of shape) count *= extent;
  return count;
}
