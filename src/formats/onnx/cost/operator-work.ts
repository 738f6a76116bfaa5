import type { PlacedOperator } from "../../../deploy/placement.js";
import { elementCount, type LayerSpec } from "../../../model/layer-spec.js";
import { intAttribute } from "../graph/node-attributes.js";
import type { Shape } from "../shape/shape-context.js";
import type { NodeProto } from "../wire/onnx_pb.js";

/** What an operator does in one run of one sample. */
export interface OperatorWork {
  /** Multiply-accumulates. */
  readonly macs: number;
  /** Elements of stored weights. */
  readonly weights: number;
  /** Elements of all values of float that go in, and that come out. */
  readonly inputs: number;
  readonly outputs: number;
  /** Output channels of a convolution; else 0. */
  readonly channels: number;
  /** Input channels of each group of a convolution; else 0. */
  readonly depth: number;
  /** Positions of a convolution's window, over all output positions; else 0. */
  readonly taps: number;
  /** Rows of windows, each a run of neighbouring values; else 0. */
  readonly runs: number;
  /** Every channel is convolved by itself. */
  readonly depthwise: boolean;
  /** Rows that a matrix is multiplied with, or steps of a recurrent layer. */
  readonly rows: number;
  /** An operand is repeated over places or channels. */
  readonly broadcasts: boolean;
}

/**
 * The work of a placed operator.
 * @param node the node that computes its first value; undefined where there is none
 * @param layer the layer that it multiplies with
 * @param uses in how many places the layer's weights are used
 */
export function operatorWork(
  operator: PlacedOperator,
  node: NodeProto | undefined,
  layer: LayerSpec | undefined,
  uses: number,
  shapeOf: (name: string) => Shape | undefined,
  weightDims: readonly number[],
): OperatorWork {
  const sizes = operator.reads.map(({ value }) => elementCount(shapeOf(value) ?? []));
  const inputs = sizes.reduce((sum, size) => sum + size, 0);
  const outputs = operator.makes.reduce(
    (sum, value) => sum + elementCount(shapeOf(value) ?? []),
    0,
  );
  const convolves = node?.opType === "Conv" || node?.opType === "ConvTranspose";
  const [first = 0, second = 0, ...window] = weightDims;
  const group = node === undefined ? 1 : intAttribute(node, "group", 1);
  const channels = !convolves ? 0 : node.opType === "Conv" ? first : second * group;
  const macs = (layer?.macs ?? matrixMacs(operator, shapeOf)) / uses;
  const weights = layer?.parameterCount ?? 0;
  const taps = convolves ? (outputs / Math.max(1, channels)) * elementCount(window) : 0;
  return {
    macs,
    weights,
    inputs,
    outputs,
    channels,
    depth: convolves ? (node.opType === "Conv" ? second : first / group) : 0,
    taps,
    runs: taps / Math.max(1, window.at(-1) ?? 1),
    depthwise: convolves && group > 1 && (node.opType === "Conv" ? second : first / group) === 1,
    rows: weights === 0 ? 0 : macs / weights,
    broadcasts: sizes.length < 2 || sizes.some((size) => size < outputs),
  };
}

/** Products of two computed matrices. */
function matrixMacs(
  { type, reads, makes }: PlacedOperator,
  shapeOf: (name: string) => Shape | undefined,
): number {
  if (type !== "MatMul" && type !== "Gemm") return 0;
  const depth = shapeOf(reads[0]?.value ?? "")?.at(-1) ?? 0;
  return depth * elementCount(shapeOf(makes[0] ?? "") ?? []);
}
