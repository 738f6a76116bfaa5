import { floatAttribute, intAttribute } from "../graph/node-attributes.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import type { FoldedFloat } from "./float-tensor.js";
import type { GraphEditor } from "./graph-editor.js";

/** Stored numbers in float64, with the type they are stored in. */
export interface Numbers {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: FoldedFloat;
  readonly data: Float32Array;
}

/** A layer whose weights and bias may be changed: nobody else reads them. */
export interface ScalableLayer {
  readonly at: number;
  readonly weight: Numbers;
  /** Rank of the output; undefined when it is not known. */
  readonly rank: number | undefined;
  /** Place of the channels in the output, counted from the last axis. */
  readonly fromEnd: number;
  readonly channels: number;
  /** Channels that the layer sums over, and where they stand in its input. */
  readonly inputs: number;
  /** Output channel of the weight at flat `index`. */
  channelOf(index: number): number;
  /** Input channel of the weight at flat `index`. */
  inputOf(index: number): number;
  /** Input position of the bias; -1 when there is no place for one. */
  readonly biasInput: number;
  /** What the stored bias is multiplied with. */
  readonly biasFactor: number;
  /** What the stored weights are multiplied with. */
  readonly weightFactor: number;
}

const sizeOf = (dims: readonly number[]) => dims.reduce((product, extent) => product * extent, 1);

/** Stored float numbers that node `at` alone reads. */
export function ownNumbers(editor: GraphEditor, name: string, at: number): Numbers | undefined {
  const constant = editor.ownConstant(name, at);
  const floats = constant && editor.floats(name);
  if (constant === undefined || floats === undefined) return undefined;
  return { name, ...floats, type: constant.tensor.dataType as FoldedFloat };
}

const IDENTITY = { biasFactor: 1, weightFactor: 1 };

function convolution(node: NodeProto, at: number, weight: Numbers): ScalableLayer | undefined {
  const { dims } = weight;
  const group = intAttribute(node, "group", 1);
  if (dims.length < 3 || dims.includes(0) || group < 1 || dims[0]! % group !== 0) return undefined;
  const kernel = sizeOf(dims.slice(2));
  const [first, second] = dims as [number, number];
  const place = { at, weight, rank: dims.length, fromEnd: dims.length - 2, biasInput: 2 };
  const block = (index: number) => Math.floor(index / (second * kernel));
  const inner = (index: number) => Math.floor(index / kernel) % second;
  const groupOf = (row: number) => Math.floor(row / (first / group));
  if (node.opType === "Conv")
    return {
      ...place,
      ...IDENTITY,
      channels: first,
      inputs: second * group,
      channelOf: block,
      inputOf: (index) => groupOf(block(index)) * second + inner(index),
    };
  return {
    ...place,
    ...IDENTITY,
    channels: second * group,
    inputs: first,
    channelOf: (index) => groupOf(block(index)) * second + inner(index),
    inputOf: block,
  };
}

function product(
  node: NodeProto,
  at: number,
  weight: Numbers,
  rank: number | undefined,
): ScalableLayer | undefined {
  const { dims } = weight;
  if (dims.length !== 2 || dims.includes(0)) return undefined;
  const [first, second] = dims as [number, number];
  const isGemm = node.opType === "Gemm";
  const transposed = isGemm && intAttribute(node, "transB", 0) !== 0;
  const row = (index: number) => Math.floor(index / second);
  const column = (index: number) => index % second;
  return {
    at,
    weight,
    rank: isGemm ? 2 : rank,
    fromEnd: 0,
    channels: transposed ? first : second,
    inputs: transposed ? second : first,
    channelOf: transposed ? row : column,
    inputOf: transposed ? column : row,
    biasInput: isGemm ? 2 : -1,
    biasFactor: isGemm ? floatAttribute(node, "beta", 1) : 1,
    weightFactor: isGemm ? floatAttribute(node, "alpha", 1) : 1,
  };
}

/**
 * The Conv, ConvTranspose, Gemm or MatMul at node `at` whose right operand is stored for it alone;
 * undefined for other nodes.
 * @param rankOf rank of a tensor as far as it is known
 */
export function scalableLayer(
  editor: GraphEditor,
  at: number,
  rankOf: (name: string) => number | undefined,
): ScalableLayer | undefined {
  const node = editor.node(at);
  if (node === undefined || !/^(Conv|ConvTranspose|Gemm|MatMul)$/.test(node.opType))
    return undefined;
  if (editor.constant(node.input[0] ?? "") !== undefined) return undefined;
  const weight = ownNumbers(editor, node.input[1] ?? "", at);
  if (weight === undefined) return undefined;
  return node.opType.startsWith("Conv")
    ? convolution(node, at, weight)
    : product(node, at, weight, rankOf(node.output[0] ?? ""));
}
