import type { LayerSpec, ModelSpec } from "../../../model/layer-spec.js";
import type { ExternalData } from "../external/model-files.js";
import type { ModelProto } from "../wire/onnx_pb.js";

/** A graph input or output: `dims` holds -1 where the size is symbolic or unknown. */
export interface GraphValue {
  readonly name: string;
  /** TensorProto.DataType of the elements. */
  readonly elementType: number;
  readonly dims: readonly number[];
  /** The file's name of the first dimension, where that is symbolic. */
  readonly symbol?: string;
}

/** One place where a layer's weights meet an activation. */
export interface WeightUse {
  /** Index into `proto.graph.node`. */
  readonly node: number;
  /**
   * Input position of the activation operand at that node; -1 when there is none to quantize
   * (Gather ids, recurrent state).
   */
  readonly activationInput: number;
  /** Axis of the channels that the weights sum over in it; negative counts from the end. */
  readonly channelAxis: number;
  /**
   * Input position of what decides the layer's output besides the weights: the activation, or the
   * ids of a look-up; of the recurrent state's weights that of the sequence.
   */
  readonly sourceInput: number;
  /** Input position of the weights. */
  readonly weightInput: number;
  /** The layer computes on the state of a recurrent node. */
  readonly readsState: boolean;
  /** Input position of the bias; -1 at a node that has no place for one. */
  readonly biasInput: number;
}

/** Where a layer lives in the graph. */
export interface LayerBinding {
  readonly layer: string;
  /**
   * The tensor that holds the weights: an initializer, or the output of a Constant node. Identity,
   * Transpose and Cast between float types may lie between it and its uses.
   */
  readonly weight: string;
  readonly uses: readonly WeightUse[];
  /**
   * Nodes in bodies of If, Loop and Scan that read the weights, in words. Activations stay in float
   * there. Absent: none.
   */
  readonly nested?: readonly string[];
}

/**
 * An ONNX file, read and checked. Weights are float32 copies (float16 is widened); `proto` keeps
 * everything, unknown fields included.
 */
export interface OnnxModel {
  readonly name: string;
  readonly layers: readonly LayerSpec[];
  /** The same layers as a {@link ModelSpec} that the engine takes. */
  readonly spec: ModelSpec;
  readonly opset: number;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** Layer to graph, in the order of `layers`. */
  readonly bindings: readonly LayerBinding[];
  /** The decoded model, folded unless that was switched off. Treat as read-only. */
  readonly proto: ModelProto;
  /** The same as a file: the bytes that were read where there was nothing to fold. */
  readonly bytes: Uint8Array;
  /** Where the model is too large for one file: the second, which `bytes` names. */
  readonly externalData?: ExternalData;
  /**
   * What was folded and assumed while reading: unknown dimensions, unknown operators, weights that
   * stay in float.
   */
  readonly notes?: readonly string[];
}
