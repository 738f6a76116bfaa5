import { indexGraph } from "../graph/graph-index.js";
import { makeNode } from "../graph/make-node.js";
import { intAttribute, intsAttribute, stringAttribute } from "../graph/node-attributes.js";
import { inferShapes } from "../shape/infer-shapes.js";
import type { ModelWithGraph } from "../wire/decode-model.js";
import type { NodeProto, TensorProto } from "../wire/onnx_pb.js";
import { type Affine, affineOf, type PerChannel, perChannel } from "./affine.js";
import { floatTensor } from "./float-tensor.js";
import { GraphEditor } from "./graph-editor.js";
import { withProbeExtents } from "./known-inputs.js";
import { type ScalableLayer, scalableLayer } from "./scalable-layer.js";
import type { WorkBudget } from "./work-budget.js";

const isZero = (values: ArrayLike<number>) => Array.prototype.every.call(values, (x) => x === 0);
const isOne = (values: ArrayLike<number>) => Array.prototype.every.call(values, (x) => x === 1);

/** Folds scales and shifts into the layers beside them; the graph is edited in place. */
class AffineFolder {
  readonly editor: GraphEditor;
  readonly #budget: WorkBudget;
  readonly #rankOf: (name: string) => number | undefined;

  constructor(proto: ModelWithGraph, opset: number, budget: WorkBudget) {
    this.editor = new GraphEditor(proto);
    this.#budget = budget;
    const index = indexGraph(withProbeExtents(proto.graph));
    const shapes = inferShapes(index, opset, new Map(), () => undefined);
    this.#rankOf = (name) => (shapes.isDoubtful(name) ? undefined : shapes.shapeOf(name)?.length);
  }

  /** Folds node `at` into the layer before it, else into the one behind it. */
  fold(at: number): boolean {
    const node = this.editor.node(at);
    const affine = node && affineOf(node, this.editor, this.#budget);
    if (affine === undefined) return false;
    return (
      this.#intoLayerBefore(at, affine) ||
      (affine.operator === "BatchNormalization" && this.#intoLayerBehind(at, affine))
    );
  }

  #intoLayerBefore(at: number, affine: Affine): boolean {
    const producer = this.editor.producerOf(affine.x);
    if (producer === undefined || this.editor.soleReader(affine.x) !== at) return false;
    const layer = scalableLayer(this.editor, producer, this.#rankOf);
    if (layer === undefined) return this.#intoSum(at, affine, producer);
    const by = perChannel(affine, layer.channels, layer.rank, layer.fromEnd);
    if (by === undefined) return false;
    if (layer.biasInput >= 0) {
      const bias = this.#biasOf(layer);
      if (bias === undefined) return false;
      const shifted = bias.map((b, channel) => b * by.scale[channel]! + by.shift[channel]!);
      return this.#rescale(layer, by.scale, shifted, () => this.editor.replaceOutput(producer, at));
    }
    if (isOne(by.scale)) return false;
    if (isZero(by.shift))
      return this.#rescale(layer, by.scale, undefined, () =>
        this.editor.replaceOutput(producer, at),
      );
    // MatMul has no bias: the shift stays, as one Add.
    const addend = this.#vector(`${layer.weight.name}_bias`, by.shift, layer);
    if (addend === undefined) return false;
    return this.#rescale(layer, by.scale, undefined, () => {
      Object.assign(this.editor.node(at)!, { opType: "Add", attribute: [] });
      this.#setAddend(at, affine.x, addend);
    });
  }

  /** Folds into MatMul and the Add of its bias. */
  #intoSum(at: number, affine: Affine, sum: number): boolean {
    const node = this.editor.node(sum);
    const bias = node?.opType === "Add" ? affineOf(node, this.editor, this.#budget) : undefined;
    const producer = bias && this.editor.producerOf(bias.x);
    if (bias === undefined || producer === undefined) return false;
    if (this.editor.soleReader(bias.x) !== sum) return false;
    const layer = scalableLayer(this.editor, producer, this.#rankOf);
    if (layer === undefined || layer.biasInput >= 0) return false;
    const first = perChannel(bias, layer.channels, layer.rank, layer.fromEnd);
    const by = perChannel(affine, layer.channels, layer.rank, layer.fromEnd);
    if (first === undefined || by === undefined) return false;
    const shift = first.shift.map((b, channel) => b * by.scale[channel]! + by.shift[channel]!);
    const addend = this.#vector(`${layer.weight.name}_bias`, shift, layer);
    if (addend === undefined) return false;
    return this.#rescale(layer, by.scale, undefined, () => {
      this.editor.replaceOutput(sum, at);
      this.#setAddend(sum, bias.x, addend);
    });
  }

  /** `layer(scale * x + shift)` as a layer of `x`. */
  #intoLayerBehind(at: number, affine: Affine): boolean {
    const output = this.editor.node(at)!.output[0]!;
    const reader = this.editor.soleReader(output);
    const layer =
      reader === undefined ? undefined : scalableLayer(this.editor, reader, this.#rankOf);
    if (layer === undefined || reader === undefined) return false;
    const node = this.editor.node(reader)!;
    if (node.input[0] !== output || node.opType === "ConvTranspose") return false;
    if (intAttribute(node, "transA", 0) !== 0) return false;
    const isConv = node.opType === "Conv";
    const rank = isConv || node.opType === "Gemm" ? layer.rank : this.#rankOf(output);
    const by = perChannel(affine, layer.inputs, rank, isConv ? layer.fromEnd : 0);
    if (by === undefined) return false;
    // Padding is added behind the normalization: it is 0 there, and not the shift.
    if (isConv && !isZero(by.shift) && isPadded(node)) return false;
    return this.#prescale(layer, by, () => {
      this.editor.setInputs(reader, [affine.x, ...node.input.slice(1)]);
      this.editor.remove(at);
    });
  }

  #prescale(layer: ScalableLayer, by: PerChannel, connect: () => void): boolean {
    const { weight } = layer;
    if (!this.#budget.take(2 * weight.data.length)) return false;
    const sums = new Float64Array(layer.channels);
    const scaled = Float64Array.from(weight.data, (w, i) => {
      const input = layer.inputOf(i);
      sums[layer.channelOf(i)]! += w * by.shift[input]! * layer.weightFactor;
      return w * by.scale[input]!;
    });
    const tensor = floatTensor(weight.name, weight.dims, weight.type, scaled);
    if (tensor === undefined) return false;
    if (isZero(sums)) {
      this.editor.store(tensor);
      connect();
      return true;
    }
    if (layer.biasInput < 0) {
      const addend = this.#vector(`${weight.name}_bias`, sums, layer);
      if (addend === undefined) return false;
      this.editor.store(tensor);
      connect();
      const node = this.editor.node(layer.at)!;
      const output = node.output[0]!;
      const inner = this.editor.fresh(`${output}_unshifted`);
      this.editor.setOutput(layer.at, inner);
      this.editor.store(addend);
      const name = node.name === "" ? "" : this.editor.fresh(`${node.name}_bias`);
      this.editor.insertAfter(layer.at, makeNode("Add", name, [inner, addend.name], [output]));
      return true;
    }
    const bias = this.#biasOf(layer);
    if (bias === undefined) return false;
    return this.#store(
      layer,
      tensor,
      bias.map((b, channel) => b + sums[channel]!),
      connect,
    );
  }

  #rescale(
    layer: ScalableLayer,
    scale: Float64Array,
    bias: Float64Array | undefined,
    connect: () => void,
  ): boolean {
    const { weight } = layer;
    if (!this.#budget.take(weight.data.length)) return false;
    const scaled = isOne(scale)
      ? weight.data
      : Float64Array.from(weight.data, (w, i) => w * scale[layer.channelOf(i)]!);
    const tensor = floatTensor(weight.name, weight.dims, weight.type, scaled);
    return tensor !== undefined && this.#store(layer, tensor, bias, connect);
  }

  /** Stores changed weights and, at a node that has a place for it, the bias. */
  #store(
    layer: ScalableLayer,
    weight: TensorProto,
    bias: Float64Array | undefined,
    connect: () => void,
  ): boolean {
    const node = this.editor.node(layer.at)!;
    const old = node.input[layer.biasInput] ?? "";
    const isNeeded = bias !== undefined && (old !== "" || !isZero(bias));
    const vector = isNeeded ? this.#vector(`${weight.name}_bias`, bias, layer, old) : undefined;
    if (isNeeded && vector === undefined) return false;
    connect();
    this.editor.store(weight);
    if (vector !== undefined) {
      this.editor.store(vector);
      const inputs = [...this.editor.node(layer.at)!.input];
      while (inputs.length < layer.biasInput) inputs.push("");
      inputs[layer.biasInput] = vector.name;
      this.editor.setInputs(layer.at, inputs);
      this.editor.dropAttribute(layer.at, "beta");
    }
    return true;
  }

  /** A tensor of one number for each channel; it keeps the old one's name where that is free. */
  #vector(base: string, values: Float64Array, layer: ScalableLayer, old = "") {
    const isOwn = old !== "" && this.editor.soleReader(old) === layer.at;
    const name = isOwn ? old : this.editor.fresh(base);
    return floatTensor(name, [values.length], layer.weight.type, values);
  }

  /** The bias for each channel as the node adds it; undefined when it is none of stored numbers. */
  #biasOf(layer: ScalableLayer): Float64Array | undefined {
    const name = this.editor.node(layer.at)!.input[layer.biasInput] ?? "";
    if (name === "") return new Float64Array(layer.channels);
    const bias = this.editor.floats(name);
    if (bias === undefined || !bias.data.every(Number.isFinite)) return undefined;
    const isVector = bias.dims.every(
      (extent, axis) => axis === bias.dims.length - 1 || extent === 1,
    );
    if (!isVector || (bias.data.length !== layer.channels && bias.data.length !== 1))
      return undefined;
    return Float64Array.from(
      { length: layer.channels },
      (_, channel) => layer.biasFactor * bias.data[bias.data.length === 1 ? 0 : channel]!,
    );
  }

  #setAddend(at: number, x: string, addend: TensorProto): void {
    this.editor.store(addend);
    this.editor.setInputs(at, [x, addend.name]);
  }
}

function isPadded(conv: NodeProto): boolean {
  const auto = stringAttribute(conv, "auto_pad", "NOTSET");
  if (auto === "VALID") return false;
  return auto !== "NOTSET" || (intsAttribute(conv, "pads") ?? []).some((pad) => pad !== 0);
}

/**
 * Folds BatchNormalization, and Add, Sub, Mul and Div by stored numbers for each channel, into the
 * Conv, ConvTranspose, Gemm or MatMul before them, and BatchNormalization into the layer behind it
 * where padding allows. Computed in float64 and rounded once to the type of the weights. Only where
 * nobody else sees the value between or the weights.
 * @param folded hears of the operator of every node that was folded
 */
export function foldAffine(
  proto: ModelWithGraph,
  opset: number,
  budget: WorkBudget,
  folded: (operator: string) => void,
): ModelWithGraph {
  const folder = new AffineFolder(proto, opset, budget);
  for (const at of folder.editor.order) {
    const operator = proto.graph.node[at]!.opType;
    if (folder.fold(at)) folded(operator);
  }
  return folder.editor.finish();
}
