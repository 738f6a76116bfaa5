import type { PlacedOperator } from "../../../deploy/placement.js";
import { elementCount, type LayerSpec } from "../../../model/layer-spec.js";
import { intAttribute, intsAttribute } from "../graph/node-attributes.js";
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
  /** Output positions of a convolution, of all images; else 0. */
  readonly positions: number;
  /** Images that a convolution goes through; else 0. */
  readonly images: number;
  /** Axes that a convolution moves its window along; else 0. */
  readonly axes: number;
  /** The window of a convolution is more than a point, or moves in steps. */
  readonly windows: boolean;
  /** Every channel is convolved by itself. */
  readonly depthwise: boolean;
  /** Axes of the first value that it reads. */
  readonly rank: number;
  /** Runs of neighbouring values that a value of another operand goes with; 0 for a few. */
  readonly runs: number;
  /** Places of the result: its elements but for the second axis. */
  readonly places: number;
  /** One operand has one value for each channel, and the other more. */
  readonly expands: boolean;
  /** Rows that a matrix is multiplied with; else 0. */
  readonly rows: number;
  /** Steps of a recurrent layer, of all directions; else 0. */
  readonly steps: number;
}

/** Layers that compute step after step. */
export const RECURRENT: ReadonlySet<string> = new Set(["LSTM", "GRU", "RNN"]);

/**
 * The work of a placed operator.
 * @param node the node that computes its first value; undefined where there is none
 * @param layer the layer that it multiplies with
 * @param operandDims the shape of a stored operand
 * @param uses in how many places the layer's weights are used
 */
export function operatorWork(
  operator: PlacedOperator,
  node: NodeProto | undefined,
  layer: LayerSpec | undefined,
  uses: number,
  shapeOf: (name: string) => Shape | undefined,
  weightDims: readonly number[],
  operandDims: (name: string) => Shape | undefined,
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
  const depth = convolves ? (node.opType === "Conv" ? second : first / group) : 0;
  const positions = convolves ? outputs / Math.max(1, channels) : 0;
  const read = shapeOf(operator.reads[0]?.value ?? "") ?? [];
  const strides = node === undefined ? [] : (intsAttribute(node, "strides") ?? []);
  return {
    macs,
    weights,
    inputs,
    outputs,
    channels,
    depth,
    taps: positions * elementCount(window),
    positions,
    images: convolves ? (read[0] ?? 1) : 0,
    axes: convolves ? window.length : 0,
    windows: [...window, ...strides].some((extent) => extent > 1),
    depthwise: convolves && depth === 1 && channels === group,
    rank: read.length,
    ...broadcastOf(operator, node, shapeOf, operandDims),
    rows: weights === 0 ? 0 : macs / weights,
    steps: RECURRENT.has(operator.type) ? stepsOf(operator, shapeOf) : 0,
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

/** The length of the sequence, for each direction. */
function stepsOf(
  { reads, makes }: PlacedOperator,
  shapeOf: (name: string) => Shape | undefined,
): number {
  const sequence = shapeOf(reads[0]?.value ?? "");
  const states = shapeOf(makes[0] ?? "");
  return Math.max(1, sequence?.[0] ?? 1) * (states?.length === 4 ? Math.max(1, states[1]!) : 1);
}

const BINARY: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min"]);

/** How the operands of an element-wise operator go together. */
function broadcastOf(
  { type, makes }: PlacedOperator,
  node: NodeProto | undefined,
  shapeOf: (name: string) => Shape | undefined,
  operandDims: (name: string) => Shape | undefined,
): Pick<OperatorWork, "runs" | "places" | "expands"> {
  const result = shapeOf(makes[0] ?? "") ?? [];
  const places = elementCount(result) / Math.max(1, result[1] ?? 1);
  if (!BINARY.has(type) || node === undefined || node.input.length !== 2)
    return { runs: 0, places, expands: false };
  const shapes = node.input.map((name) => shapeOf(name) ?? operandDims(name));
  const [a, b] = shapes.map((dims) => {
    const missing = Math.max(0, result.length - (dims?.length ?? result.length));
    return [...Array<number>(missing).fill(1), ...(dims ?? result)];
  }) as [number[], number[]];
  const same = a.every((extent, i) => extent === b[i]);
  if (same || shapes.some((dims) => dims?.length === 0)) return { runs: 0, places, expands: false };
  // The innermost axes on which the operands go together in the same way.
  const alike = (i: number) => Math.sign(a[i]! - b[i]!);
  let run = 1;
  for (let i = result.length - 1; i >= 0 && alike(i) === alike(result.length - 1); i--)
    run *= result[i]!;
  const forChannels = (dims: readonly number[]) =>
    result.length > 2 && dims[1]! > 1 && dims.slice(2).every((extent) => extent === 1);
  const expands = forChannels(a) !== forChannels(b);
  return { runs: elementCount(result) / Math.max(1, run), places, expands };
}
