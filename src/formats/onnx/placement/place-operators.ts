import type { PlacedBias, PlacedOperator } from "../../../deploy/placement.js";
import type { OperatorProfile, PlacementProfile } from "../../../deploy/placement-profile.js";
import { elementCount } from "../../../model/layer-spec.js";
import type { GraphIndex } from "../graph/graph-index.js";
import { findAttribute, intAttribute, isStandardDomain } from "../graph/node-attributes.js";
import { outerNames } from "../graph/outer-names.js";
import type { OnnxModel, WeightUse } from "../read/onnx-model.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import { type CompoundOperator, clampBounds, compoundOperators } from "./compound-operators.js";
import { floatValues } from "./float-values.js";
import { behindIdentity, type StoredValues, storedValues } from "./stored-values.js";

/** What placing reads of a model. */
type PlacedModel = Pick<OnnxModel, "bindings" | "layers" | "inputs">;

/** Operators that add a bias to each of their output channels. */
const BIASED: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm"]);

const FLOAT: OperatorProfile = { source: "" };

/** A layer's weights at a node. */
interface LayerUse extends WeightUse {
  readonly layer: string;
  readonly weight: string;
  /** The node reads the stored tensor as it is, and so do all others, in the same way. None of
   * them stands in a body. */
  readonly direct: boolean;
}

/** Values that something outside of the graph's own nodes reads: the caller, or inner graphs. */
export function returnedValues({ graph }: GraphIndex): ReadonlySet<string> {
  const returned = new Set(graph.output.map(({ name }) => name));
  for (const node of graph.node) for (const name of outerNames(node)) returned.add(name);
  return returned;
}

/** The operators of a model, with what a runtime does with each. */
export function placeOperators(
  model: PlacedModel,
  index: GraphIndex,
  profile: PlacementProfile,
  returned: ReadonlySet<string>,
): PlacedOperator[] {
  return new OperatorReader(model, index, profile, returned).read();
}

class OperatorReader {
  readonly #floats: ReadonlySet<string>;
  readonly #uses = new Map<number, LayerUse[]>();
  readonly #compounds = new Map<number, CompoundOperator>();
  /** Nodes that are part of another operator. */
  readonly #taken = new Set<number>();
  /** Rows that a layer's matrix is multiplied with in a run of one sample, where that is known. */
  readonly #rows = new Map<string, number>();
  readonly #ranks = new Map<string, number>();
  /** Output channels. */
  readonly #channels = new Map<string, number>();

  constructor(
    { bindings, layers, inputs }: PlacedModel,
    readonly index: GraphIndex,
    readonly profile: PlacementProfile,
    readonly returned: ReadonlySet<string>,
  ) {
    this.#floats = floatValues(index);
    for (const { name, inputShape, weightLayout: layout } of layers) {
      this.#ranks.set(name, inputShape.length);
      if (layout !== undefined) this.#channels.set(name, layout.shape[layout.channelAxis] ?? 1);
    }
    // An unknown extent besides the batch counts as 1, so that nothing follows from MACs.
    const known = inputs.every(({ dims }) => dims.slice(1).every((extent) => extent > 0));
    for (const [i, { uses }] of known ? bindings.entries() : []) {
      const { name, macs, parameterCount } = layers[i]!;
      this.#rows.set(name, macs / parameterCount / uses.length);
    }
    for (const { layer, weight, uses, nested } of bindings) {
      const alike = (one: WeightUse) => this.#readsAlike(one, uses[0]!, weight);
      const direct = nested === undefined && uses.every(alike);
      for (const use of uses) {
        const known = this.#uses.get(use.node) ?? [];
        this.#uses.set(use.node, [...known, { ...use, layer, weight, direct }]);
      }
    }
    for (const compound of compoundOperators(index, returned)) {
      const { nodes } = compound;
      if (nodes.some((at) => this.#taken.has(at))) continue;
      for (const at of nodes.slice(0, -1)) this.#taken.add(at);
      this.#compounds.set(nodes.at(-1)!, compound);
    }
  }

  read(): PlacedOperator[] {
    return this.index.order.flatMap((at) => {
      if (this.#taken.has(at)) return [];
      const compound = this.#compounds.get(at);
      const node = this.index.graph.node[at]!;
      if (node.opType === "Constant") return [];
      const placed =
        compound !== undefined
          ? this.#compound(compound)
          : this.#uses.has(at)
            ? this.#layer(node, this.#uses.get(at)!)
            : this.#operator(node);
      return [this.#clamped(placed)];
    });
  }

  #readsAlike(one: WeightUse, other: WeightUse, weight: string): boolean {
    const [a, b] = [one, other].map(({ node }) => this.index.graph.node[node]!) as [
      NodeProto,
      NodeProto,
    ];
    return (
      a.opType === b.opType &&
      one.activationInput === other.activationInput &&
      intAttribute(a, "transB", 0) === intAttribute(b, "transB", 0) &&
      a.input.some((name) => behindIdentity(this.index, name) === weight)
    );
  }

  #isFloat(name: string): boolean {
    return this.#floats.has(name) && !this.index.constants.has(name);
  }

  #reads({ input }: NodeProto): PlacedOperator["reads"] {
    return input.flatMap((value, at) => (this.#isFloat(value) ? [{ value, input: at }] : []));
  }

  #makes({ output }: NodeProto): string[] {
    return output.filter((name) => this.#isFloat(name));
  }

  #compound({ type, input, output, nodes }: CompoundOperator): PlacedOperator {
    const isFloat = this.#isFloat(input) && this.#isFloat(output);
    return {
      ...{ operator: output, type, layers: [], makes: [output] },
      inner: nodes.slice(0, -1).flatMap((at) => this.index.graph.node[at]!.output),
      kernel: isFloat ? (this.profile.operators[type] ?? FLOAT) : FLOAT,
      reads: this.#isFloat(input) ? [{ value: input, input: 0 }] : [],
    };
  }

  #operator(node: NodeProto): PlacedOperator {
    const reads = this.#reads(node);
    const makes = this.#makes(node);
    return {
      ...{ operator: node.output.find((name) => name !== "") ?? "", type: node.opType },
      kernel: this.#kernelOf(node, reads, makes),
      ...{ layers: [], reads, makes },
    };
  }

  #kernelOf(
    node: NodeProto,
    reads: PlacedOperator["reads"],
    makes: readonly string[],
  ): OperatorProfile {
    const kernel = isStandardDomain(node.domain) ? this.profile.operators[node.opType] : undefined;
    if (kernel === undefined || kernel.form === "layer") return FLOAT;
    // Stored operands and results of other types have no place in integer kernels.
    const operands = kernel.form === "pass" ? 1 : node.input.filter((name) => name !== "").length;
    const fits =
      (reads.length === operands || kernel.form === "clamp") &&
      reads[0]?.input === 0 &&
      makes.length === node.output.filter((name) => name !== "").length;
    return fits ? kernel : { ...kernel, form: undefined };
  }

  #layer(node: NodeProto, uses: readonly LayerUse[]): PlacedOperator {
    const [use] = uses as [LayerUse, ...LayerUse[]];
    const reads = this.#reads(node);
    const makes = this.#makes(node);
    // Integer kernels take and give float32.
    const floats = reads.some(({ input }) => input === use.activationInput) && makes.length > 0;
    const kernel = floats && uses.length === 1 ? this.#layerKernel(node, use) : FLOAT;
    const tensor = node.input[use.biasInput] ?? "";
    const stored = tensor === "" ? undefined : storedValues(this.index, tensor);
    const operator = node.output.find((name) => name !== "") ?? "";
    // A bias that is computed is no int32 tensor.
    const fits = tensor === "" || stored !== undefined || kernel.integerBias !== true;
    const bias = this.#biasOf(node, uses, stored, operator);
    const layers = uses.map(({ layer }) => layer);
    const placed: PlacedOperator = {
      ...{ operator, type: node.opType, layers, reads, makes },
      kernel: fits ? kernel : FLOAT,
      ...(bias && { bias }),
    };
    if (node.opType !== "MatMul") return this.#fused(placed);
    if (kernel.form !== "layer") {
      const added = use.activationInput === 0 ? this.#rowAfter(placed)?.bias : undefined;
      return this.#fused({ ...placed, ...(added && { bias: added }) });
    }
    const biased = this.#biased(placed);
    // A product of two matrices and a row is made a Gemm.
    const isGemm = biased !== placed && (this.#ranks.get(use.layer) ?? 2) === 2;
    return isGemm ? this.#fused(biased) : biased;
  }

  /** The bias that the node has, or could have; undefined for one that is computed. */
  #biasOf(
    node: NodeProto,
    uses: readonly LayerUse[],
    stored: StoredValues | undefined,
    operator: string,
  ): PlacedBias | undefined {
    const [{ layer, biasInput: input, activationInput }] = uses as [LayerUse, ...LayerUse[]];
    const channels = this.#channels.get(layer) ?? 0;
    const addsPlainly =
      uses.length === 1 && activationInput === 0 && BIASED.has(node.opType) && hasNoFactors(node);
    if (stored !== undefined) {
      const { tensor, values } = stored;
      const perChannel = addsPlainly && values.length === channels;
      return { tensor, values, perChannel, operator, input };
    }
    if (!addsPlainly || (node.input[input] ?? "") !== "") return undefined;
    return { tensor: "", values: new Float32Array(channels), perChannel: true, operator, input };
  }

  /** With a rounded result where the runtime would else fuse what follows. */
  #fused(placed: PlacedOperator): PlacedOperator {
    const [result = ""] = placed.makes;
    const uses = this.index.consumers.get(result) ?? [];
    const next = this.index.graph.node[uses[0]?.node ?? -1]?.opType ?? "";
    const { kernel } = placed;
    const needs =
      kernel.fusedWith?.includes(next) && uses.length === 1 && !this.returned.has(result);
    return needs === true ? { ...placed, kernel: { ...kernel, roundedResult: true } } : placed;
  }

  /** A matrix product with the Add of a stored row that follows it. */
  #biased(placed: PlacedOperator): PlacedOperator {
    const row = this.#rowAfter(placed);
    if (row === undefined) return placed;
    this.#taken.add(row.add);
    return { ...placed, makes: [row.bias.operator], bias: row.bias };
  }

  /** The stored row that an Add, and nothing else, adds to a matrix product. */
  #rowAfter(
    placed: PlacedOperator,
  ): { readonly add: number; readonly bias: PlacedBias } | undefined {
    const [product = ""] = placed.makes;
    const [use, ...others] = this.index.consumers.get(product) ?? [];
    const node = this.index.graph.node[use?.node ?? -1];
    if (use === undefined || others.length > 0 || this.returned.has(product)) return undefined;
    if (node?.opType !== "Add") return undefined;
    const input = use.input === 0 ? 1 : 0;
    const stored = storedValues(this.index, node.input[input] ?? "");
    const channels = stored?.dims.at(-1);
    if (stored === undefined || stored.values.length !== channels) return undefined;
    const [sum = ""] = node.output;
    if (!this.#isFloat(sum) || stored.dims.length > 3) return undefined;
    const { tensor, values } = stored;
    const [layer = ""] = placed.layers;
    const perChannel = values.length === this.#channels.get(layer);
    return { add: use.node, bias: { tensor, values, perChannel, operator: sum, input } };
  }

  #layerKernel(node: NodeProto, use: LayerUse): OperatorProfile {
    const kernel = this.profile.operators[node.opType];
    if (kernel === undefined || use.activationInput !== 0 || !use.direct) return FLOAT;
    const dims = this.index.constants.get(use.weight)?.dims ?? [];
    return this.#fitsKernel(node, use, dims) ? kernel : FLOAT;
  }

  #fitsKernel(node: NodeProto, use: LayerUse, dims: readonly number[]): boolean {
    const { floatLayers } = this.profile;
    if (node.opType === "Conv") {
      const [, inputs = 0, ...window] = dims;
      const dense = intAttribute(node, "group", 1) === 1;
      return (
        !dense ||
        inputs > floatLayers.inputChannels ||
        Math.max(...window) >= floatLayers.window ||
        this.#feedsMaxPool(node)
      );
    }
    if (dims.length !== 2) return false;
    const elements = elementCount(dims);
    const rows = this.#rows.get(use.layer) ?? Number.POSITIVE_INFINITY;
    if (elements <= floatLayers.matrixElements && rows <= floatLayers.rows) return false;
    if (elements * rows < floatLayers.macs) return false;
    return node.opType !== "Gemm" || (hasNoFactors(node) && intAttribute(node, "transA", 0) === 0);
  }

  /** A MaxPool that reads codes needs an integer convolution before it. */
  #feedsMaxPool(node: NodeProto): boolean {
    let name = node.output[0] ?? "";
    for (;;) {
      const uses = this.index.consumers.get(name) ?? [];
      const next = uses.map((use) => this.index.graph.node[use.node]!);
      if (next.some(({ opType }) => opType === "MaxPool")) return true;
      if (next.length !== 1 || (next[0]!.opType !== "Relu" && next[0]!.opType !== "Clip"))
        return false;
      name = next[0]!.output[0] ?? "";
    }
  }

  /** The operator with a clamp after it that nothing else reads past. */
  #clamped(placed: PlacedOperator): PlacedOperator {
    const [raw = ""] = placed.makes;
    const uses = this.index.consumers.get(raw) ?? [];
    const at = uses[0]?.node ?? -1;
    const next = this.index.graph.node[at];
    if (placed.kernel.clampsResult !== true || placed.makes.length !== 1) return placed;
    if (uses.length !== 1 || this.returned.has(raw) || next === undefined) return placed;
    const bounds = clampBounds(this.index, next);
    const [made = ""] = next.output;
    if (bounds === undefined || uses[0]!.input !== 0 || !this.#isFloat(made)) return placed;
    this.#taken.add(at);
    return { ...placed, makes: [made], clamp: { raw, ...bounds } };
  }
}

/** The product and the bias are added as they are. */
function hasNoFactors(node: NodeProto): boolean {
  return ["alpha", "beta"].every((name) => (findAttribute(node, name)?.f ?? 1) === 1);
}
