import { type GraphConstant, indexGraph } from "../graph/graph-index.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import { outerNames } from "../graph/outer-names.js";
import { readFloatTensor } from "../graph/tensor-values.js";
import { copyGraph, copyMessage } from "../opset/copy-graph.js";
import { ModelNames } from "../opset/model-names.js";
import type { ModelWithGraph } from "../wire/decode-model.js";
import type { NodeProto, TensorProto } from "../wire/onnx_pb.js";
import { isFoldedFloat } from "./float-tensor.js";

/** The least IR version in which an initializer need not be listed among the inputs. */
const IR_OF_FREE_INITIALIZERS = 4n;

/**
 * A copy of a model's main graph that is folded in place. Names of what stays do not change, so
 * subgraphs may read them.
 */
export class GraphEditor {
  readonly #proto: ModelWithGraph;
  readonly #names: ModelNames;
  readonly #nodes: (NodeProto | undefined)[];
  readonly #constants: Map<string, GraphConstant>;
  /** Initializers that were added or replaced. */
  readonly #written = new Map<string, TensorProto>();
  readonly #producers: Map<string, number>;
  /** Nodes that read a tensor, and by how many operands. */
  readonly #readers = new Map<string, Map<number, number>>();
  /** Tensors that subgraphs read or the graph returns: their readers are not changed. */
  readonly #fixed = new Set<string>();
  readonly #returned = new Set<string>();
  readonly #after = new Map<number, NodeProto[]>();
  readonly #before = new Map<number, NodeProto[]>();
  /** Constants that lost a reader. */
  readonly #released = new Set<string>();
  /** Node indices, each after the nodes it reads from. */
  readonly order: readonly number[];
  #changed = false;

  constructor(proto: ModelWithGraph) {
    const index = indexGraph(proto.graph);
    this.#proto = proto;
    this.#names = new ModelNames(proto);
    this.#nodes = copyGraph(proto.graph).node;
    this.#constants = new Map(index.constants);
    this.#producers = new Map(index.producers);
    this.order = index.order;
    for (const { name } of proto.graph.output) {
      this.#fixed.add(name);
      this.#returned.add(name);
    }
    this.#nodes.forEach((node, at) => {
      for (const name of node!.input) this.#addReader(name, at);
      for (const name of outerNames(node!)) this.#fixed.add(name);
    });
  }

  #addReader(name: string, at: number): void {
    let readers = this.#readers.get(name);
    if (readers === undefined) {
      readers = new Map();
      this.#readers.set(name, readers);
    }
    readers.set(at, (readers.get(at) ?? 0) + 1);
  }

  #dropReaders(at: number): void {
    for (const name of this.#nodes[at]!.input) {
      this.#readers.get(name)?.delete(at);
      this.#released.add(name);
    }
  }

  /** A node of the standard operator set that is still there. */
  node(at: number | undefined): NodeProto | undefined {
    const node = at === undefined ? undefined : this.#nodes[at];
    return node !== undefined && isStandardDomain(node.domain) ? node : undefined;
  }

  producerOf(name: string): number | undefined {
    return this.#producers.get(name);
  }

  constant(name: string): GraphConstant | undefined {
    return this.#constants.get(name);
  }

  /** True when a subgraph reads the tensor or the graph returns it. */
  isFixed(name: string): boolean {
    return this.#fixed.has(name);
  }

  /** True when the graph returns the tensor. */
  isReturned(name: string): boolean {
    return this.#returned.has(name);
  }

  /** True when a node or a subgraph reads the tensor. */
  isRead(name: string): boolean {
    return (
      (this.#readers.get(name)?.size ?? 0) > 0 ||
      (this.#fixed.has(name) && !this.#returned.has(name))
    );
  }

  /** The one node that reads a tensor, by one operand; undefined when somebody else sees it too. */
  soleReader(name: string): number | undefined {
    const readers = this.#readers.get(name);
    if (readers?.size !== 1 || this.#fixed.has(name)) return undefined;
    const [at, count] = [...readers][0]!;
    return count === 1 ? at : undefined;
  }

  /** A stored float32 or float16 tensor that this node alone reads. */
  ownConstant(name: string, at: number): GraphConstant | undefined {
    const constant = this.#constants.get(name);
    return constant !== undefined &&
      isFoldedFloat(constant.tensor.dataType) &&
      this.soleReader(name) === at
      ? constant
      : undefined;
  }

  /** Values of a stored float tensor, NaN and infinities included; undefined for other tensors. */
  floats(
    name: string,
  ): { readonly dims: readonly number[]; readonly data: Float32Array } | undefined {
    const constant = this.#constants.get(name);
    if (constant === undefined || !isFoldedFloat(constant.tensor.dataType)) return undefined;
    const data = readFloatTensor(constant.tensor, name, { allowNonFinite: true });
    return { dims: constant.dims, data };
  }

  /** A name that nothing in the model has. */
  fresh(base: string): string {
    return this.#names.fresh(base);
  }

  /** Stores a tensor under its name, in the place of what had it. */
  store(tensor: TensorProto): void {
    const old = this.#constants.get(tensor.name);
    if (old !== undefined && old.node >= 0) this.#nodes[old.node] = undefined;
    this.#producers.delete(tensor.name);
    this.#written.set(tensor.name, tensor);
    this.#constants.set(tensor.name, { tensor, dims: tensor.dims.map(Number), node: -1 });
    this.#changed = true;
  }

  /** Takes a node out; its outputs must be stored or made by another node. */
  remove(at: number): void {
    this.#dropReaders(at);
    this.#nodes[at] = undefined;
    this.#changed = true;
  }

  /** Gives a node other inputs, in place. */
  setInputs(at: number, inputs: readonly string[]): void {
    this.#dropReaders(at);
    this.#nodes[at]!.input = [...inputs];
    for (const name of inputs) this.#addReader(name, at);
    this.#changed = true;
  }

  /** Takes `from`, which one node reads, out: what node `at` makes takes its output's name. */
  replaceOutput(at: number, from: number): void {
    const output = this.#nodes[from]!.output[0]!;
    this.remove(from);
    this.#producers.delete(this.#nodes[at]!.output[0]!);
    this.#nodes[at]!.output = [output];
    this.#producers.set(output, at);
  }

  /** Operands that {@link rename} has to look at. */
  renameWork(from: string): number {
    let work = 0;
    for (const at of this.#readers.get(from)?.keys() ?? []) work += this.#nodes[at]!.input.length;
    return work;
  }

  /** Lets all nodes that read tensor `from` read `to` instead. */
  rename(from: string, to: string): void {
    for (const at of [...(this.#readers.get(from)?.keys() ?? [])])
      this.setInputs(
        at,
        this.#nodes[at]!.input.map((name) => (name === from ? to : name)),
      );
  }

  /** Sets a float attribute to 1 by leaving it out. */
  dropAttribute(at: number, name: string): void {
    const node = this.#nodes[at]!;
    node.attribute = node.attribute.filter((attribute) => attribute.name !== name);
  }

  /** Puts a new node before node `at`, which has yet to be given its output. */
  insertBefore(at: number, node: NodeProto): void {
    this.#before.set(at, [...(this.#before.get(at) ?? []), node]);
    this.#changed = true;
  }

  /** Puts a new node behind node `at`. */
  insertAfter(at: number, node: NodeProto): void {
    this.#after.set(at, [...(this.#after.get(at) ?? []), node]);
    this.#changed = true;
  }

  /** Renames what node `at` makes; the new name must have a reader among what was inserted. */
  setOutput(at: number, name: string): void {
    this.#producers.delete(this.#nodes[at]!.output[0]!);
    this.#nodes[at]!.output = [name];
    this.#producers.set(name, at);
  }

  /** The edited model; the one that was given when nothing changed. */
  finish(): ModelWithGraph {
    if (!this.#changed) return this.#proto;
    const { graph } = this.#proto;
    const result = copyMessage(graph);
    result.node = this.#nodes.flatMap((node, at) => [
      ...(this.#before.get(at) ?? []),
      ...(node === undefined ? [] : [node]),
      ...(this.#after.get(at) ?? []),
    ]);
    const read = new Set(this.#fixed);
    for (const { input } of result.node) for (const name of input) read.add(name);
    const isDropped = (name: string) => this.#released.has(name) && !read.has(name);
    result.node = result.node.filter(
      ({ opType, domain, output }) =>
        !(opType === "Constant" && isStandardDomain(domain) && isDropped(output[0] ?? "")),
    );
    const added = new Map(this.#written);
    result.initializer = graph.initializer.flatMap((tensor) => {
      const written = added.get(tensor.name);
      added.delete(tensor.name);
      return isDropped(tensor.name) ? [] : [written ?? tensor];
    });
    for (const [name, tensor] of added) if (!isDropped(name)) result.initializer.push(tensor);
    const stored = new Set(result.initializer.map(({ name }) => name));
    // What was computed from an initializer no longer follows a value that a caller gives for it.
    result.input = graph.input.filter(({ name }) => !isDropped(name) && !this.#written.has(name));
    const known = new Set([...stored, ...result.node.flatMap(({ output }) => output)]);
    result.valueInfo = graph.valueInfo.filter(({ name }) => known.has(name));
    const proto = copyMessage(this.#proto);
    if (proto.irVersion < IR_OF_FREE_INITIALIZERS) proto.irVersion = IR_OF_FREE_INITIALIZERS;
    return Object.assign(proto, { graph: result });
  }
}
