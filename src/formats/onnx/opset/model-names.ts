import type { GraphProto, ModelProto, NodeProto } from "../wire/onnx_pb.js";

/**
 * The tensor and node names of a whole model: which are taken, and which tensors somebody reads.
 */
export class ModelNames {
  readonly #taken = new Set<string>();
  readonly #read = new Set<string>();
  readonly #made = new Set<string>();
  /** The number that a base name is tried with next, so that many nodes of one name stay cheap. */
  readonly #next = new Map<string, number>();

  constructor(model: ModelProto) {
    if (model.graph !== undefined) this.#addGraph(model.graph);
    for (const fn of model.functions) {
      for (const name of fn.input) this.#taken.add(name);
      for (const name of fn.output) this.#read.add(name);
      this.#addNodes(fn.node);
    }
  }

  #addNodes(nodes: readonly NodeProto[]): void {
    for (const node of nodes) {
      this.#taken.add(node.name);
      for (const name of node.output) this.#taken.add(name);
      for (const name of node.input) this.#read.add(name);
      for (const { g, graphs } of node.attribute) {
        if (g !== undefined) this.#addGraph(g);
        for (const graph of graphs) this.#addGraph(graph);
      }
    }
  }

  #addGraph(graph: GraphProto): void {
    for (const { name } of graph.input) this.#taken.add(name);
    for (const { name } of graph.initializer) this.#taken.add(name);
    for (const { values } of graph.sparseInitializer) this.#taken.add(values?.name ?? "");
    for (const { name } of graph.output) this.#read.add(name);
    this.#addNodes(graph.node);
  }

  /** True when a node of any graph reads the tensor or a graph or function returns it. */
  isRead(tensor: string): boolean {
    return this.#read.has(tensor);
  }

  /** True for a name that the model had before any was made. */
  isOriginal(name: string): boolean {
    return (this.#taken.has(name) || this.#read.has(name)) && !this.#made.has(name);
  }

  /** A name that nothing in the model has, and that is taken from now on. */
  fresh(base: string): string {
    let count = this.#next.get(base) ?? 1;
    let name = count === 1 ? base : `${base}_${count}`;
    while (this.#taken.has(name) || this.#read.has(name)) name = `${base}_${++count}`;
    this.#next.set(base, count + 1);
    this.#taken.add(name);
    this.#made.add(name);
    return name;
  }
}
