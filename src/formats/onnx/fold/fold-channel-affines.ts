import { encodeFloat16 } from "../../../numeric/float16.js";
import { type GraphIndex, indexGraph } from "../graph/graph-index.js";
import { makeTensor } from "../graph/make-tensor.js";
import { copyGraph, copyMessage } from "../opset/copy-graph.js";
import { ModelNames } from "../opset/model-names.js";
import type { ModelWithGraph } from "../wire/decode-model.js";
import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";
import { type ChannelAffine, channelAffine, storedFloats } from "./channel-affine.js";
import { type ProductNode, productNode } from "./product-node.js";

/** A model after folding, and what was folded: operators by how many there were. */
export interface FoldedModel {
  readonly model: ModelWithGraph;
  readonly folded: ReadonlyMap<string, number>;
}

/**
 * Moves what follows a Conv, ConvTranspose or Gemm and only scales and shifts its channels into the
 * weights and the bias: BatchNormalization, and Mul, Div, Add, Sub by a stored operand. Only where
 * nobody else reads the value between, and it is no output. Weights are computed in float64 and
 * rounded once. The work is one pass over the weights of each layer that something is folded into.
 * @returns the same model where there is nothing to fold
 */
export function foldChannelAffines(model: ModelWithGraph): FoldedModel {
  const index = indexGraph(model.graph);
  const outputs = new Set(model.graph.output.map(({ name }) => name));
  const folded = new Map<string, number>();
  const removed = new Set<number>();
  const changed = new Map<number, FoldedProduct>();
  for (const at of index.order) {
    const node = model.graph.node[at]!;
    const product = productNode(node, index);
    if (product === undefined || node.output.length !== 1) continue;
    const steps: ChannelAffine[] = [];
    const places: number[] = [];
    let output = node.output[0]!;
    for (;;) {
      const uses = index.consumers.get(output) ?? [];
      const [use] = uses;
      if (use === undefined || uses.length !== 1 || use.input < 0 || outputs.has(output)) break;
      const next = model.graph.node[use.node]!;
      const step = channelAffine(next, use.input, product.channels, product.rank, index);
      if (step === undefined || next.output[0] === undefined) break;
      steps.push(step);
      places.push(use.node);
      output = next.output[0];
    }
    if (steps.length === 0) continue;
    const parameters = foldedParameters(product, steps.reduce(followedBy), index);
    if (parameters === undefined) continue;
    changed.set(at, { product, output, ...parameters });
    for (const place of places) {
      const { opType } = model.graph.node[place]!;
      removed.add(place);
      folded.set(opType, (folded.get(opType) ?? 0) + 1);
    }
  }
  return changed.size === 0
    ? { model, folded }
    : { model: rewritten(model, index, changed, removed), folded };
}

interface FoldedProduct extends FoldedParameters {
  readonly product: ProductNode;
  /** What the node's output is called from now on. */
  readonly output: string;
}

/** Two steps, one after the other. */
function followedBy(first: ChannelAffine, second: ChannelAffine): ChannelAffine {
  return {
    factor: first.factor.map((factor, c) => factor * second.factor[c]!),
    offset: first.offset.map((offset, c) => offset * second.factor[c]! + second.offset[c]!),
  };
}

interface FoldedParameters {
  readonly weights: Uint8Array;
  readonly bias: Uint8Array;
}

/** Undefined where weights or bias are of another type, or would not be finite. */
function foldedParameters(
  product: ProductNode,
  step: ChannelAffine,
  index: GraphIndex,
): FoldedParameters | undefined {
  const { channels, biasScale } = product;
  const { dataType } = index.constants.get(product.weight)!.tensor;
  const weights = storedFloats(product.weight, index);
  const bias = product.bias === undefined ? new Float32Array(1) : storedFloats(product.bias, index);
  if (weights === undefined || bias === undefined) return undefined;
  if (bias.length !== 1 && bias.length !== channels) return undefined;
  const scaled = Float32Array.from(weights, (value, element) => {
    return value * step.factor[product.channelOf(element)]!;
  });
  const shifted = Float32Array.from({ length: channels }, (_, c) => {
    const own = bias[bias.length === 1 ? 0 : c]! * biasScale;
    return (own * step.factor[c]! + step.offset[c]!) / biasScale;
  });
  const [weightBytes, biasBytes] = [floatBytes(scaled, dataType), floatBytes(shifted, dataType)];
  return weightBytes && biasBytes && { weights: weightBytes, bias: biasBytes };
}

/** Little-endian bytes of float32 or float16 values; undefined where the type holds one not. */
function floatBytes(values: Float32Array, dataType: number): Uint8Array | undefined {
  if (dataType === DataType.FLOAT) {
    if (!values.every(Number.isFinite)) return undefined;
    const view = new DataView(new ArrayBuffer(4 * values.length));
    for (const [i, value] of values.entries()) view.setFloat32(4 * i, value, true);
    return new Uint8Array(view.buffer);
  }
  if (dataType !== DataType.FLOAT16 || !values.every((v) => Math.abs(v) <= MOST_FLOAT16))
    return undefined;
  const view = new DataView(new ArrayBuffer(2 * values.length));
  for (const [i, bits] of encodeFloat16(values).entries()) view.setUint16(2 * i, bits, true);
  return new Uint8Array(view.buffer);
}

/** The greatest finite float16. */
const MOST_FLOAT16 = 65_504;

function rewritten(
  model: ModelWithGraph,
  index: GraphIndex,
  changed: ReadonlyMap<number, FoldedProduct>,
  removed: ReadonlySet<number>,
): ModelWithGraph {
  const names = new ModelNames(model);
  const graph = copyGraph(model.graph);
  for (const [at, { product, output, weights, bias }] of changed) {
    const node = graph.node[at]!;
    const { dims, tensor } = index.constants.get(product.weight)!;
    const weightName = names.fresh(`${product.weight}_folded`);
    const biasName = names.fresh(`${product.weight}_folded_bias`);
    graph.initializer.push(
      makeTensor(weightName, dims, tensor.dataType, weights),
      makeTensor(biasName, [product.channels], tensor.dataType, bias),
    );
    node.input = [node.input[0]!, weightName, biasName];
    node.output = [output];
  }
  graph.node = graph.node.filter((_, at) => !removed.has(at));
  const copy = copyMessage(model);
  copy.graph = graph;
  const read = new ModelNames(copy);
  const unread = (name: string | undefined) => name !== undefined && !read.isRead(name);
  const dropped = new Set(graph.initializer.map(({ name }) => name).filter(unread));
  graph.initializer = graph.initializer.filter(({ name }) => !dropped.has(name));
  graph.input = graph.input.filter(({ name }) => !dropped.has(name));
  graph.node = graph.node.filter(
    ({ opType, output }) => opType !== "Constant" || !output.every(unread),
  );
  // From 4 on initializers may stand outside the inputs.
  if (copy.irVersion < 4n) copy.irVersion = 4n;
  return copy as ModelWithGraph;
}
