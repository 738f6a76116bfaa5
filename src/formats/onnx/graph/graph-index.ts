import { quoteName } from "../../../check/quote-name.js";
import { InvalidModelError } from "../../../errors.js";
import { LIMITS } from "../wire/limits.js";
import type { GraphProto, NodeProto, TensorProto } from "../wire/onnx_pb.js";
import { constantTensor } from "./constant-tensor.js";
import { isStandardDomain } from "./node-attributes.js";
import { describeNode } from "./node-place.js";
import { outerNames } from "./outer-names.js";
import { checkTensor } from "./tensor-values.js";

/** A tensor whose values stand in the file. */
export interface GraphConstant {
  readonly tensor: TensorProto;
  readonly dims: readonly number[];
  /** Index of the Constant node; -1 for an initializer. */
  readonly node: number;
}

/**
 * One input slot of a node that reads a tensor; `input` is -1 when a subgraph of the node reads it.
 */
export interface TensorUse {
  readonly node: number;
  readonly input: number;
}

/** Who makes and who reads each tensor of a graph. */
export interface GraphIndex {
  readonly graph: GraphProto;
  /**
   * Initializers (those that are also inputs too) and outputs of Constant nodes, by tensor name.
   */
  readonly constants: ReadonlyMap<string, GraphConstant>;
  /** Names of sparse initializers and sparse Constant nodes, whose values are not read. */
  readonly sparse: ReadonlySet<string>;
  /** Index of the node that computes a tensor. */
  readonly producers: ReadonlyMap<string, number>;
  readonly consumers: ReadonlyMap<string, readonly TensorUse[]>;
  /** Node indices, each after the nodes it reads from. */
  readonly order: readonly number[];
}

function checkName(name: string, where: string): void {
  if (name.length > LIMITS.nameLength) {
    const message =
      `a name in ${where} has ${name.length} characters (${quoteName(name)}); at most ` +
      `${LIMITS.nameLength}`;
    throw new InvalidModelError(where, message);
  }
}

function definedTwice(name: string): never {
  throw new InvalidModelError(name, `tensor ${quoteName(name)} is defined more than once`);
}

/** Node indices in the order of the file where it is sound, else a stable topological order. */
function topologicalOrder(
  nodes: readonly NodeProto[],
  reads: readonly (readonly number[])[],
): number[] {
  const waiting = reads.map((producers) => producers.length);
  const readers: number[][] = nodes.map(() => []);
  reads.forEach((producers, node) => {
    for (const producer of producers) readers[producer]!.push(node);
  });
  if (reads.every((producers, node) => producers.every((producer) => producer < node)))
    return nodes.map((_, i) => i);
  const order = nodes.map((_, i) => i).filter((i) => waiting[i] === 0);
  for (let next = 0; next < order.length; next++) {
    for (const reader of readers[order[next]!]!) if (--waiting[reader]! === 0) order.push(reader);
  }
  const stuck = waiting.findIndex((count) => count > 0);
  if (stuck >= 0) {
    const message = `the graph has a cycle through ${describeNode(nodes[stuck]!, stuck)}`;
    throw new InvalidModelError(nodes[stuck]!.name, message);
  }
  return order;
}

/**
 * Indexes a graph and checks its wiring. Stored tensors are checked for size, not for values.
 * @throws InvalidModelError for a tensor defined twice, a name nobody defines, a cycle, a name over
 *   the limit, a tensor whose data contradict its shape; UnsupportedError for external data
 */
export function indexGraph(graph: GraphProto): GraphIndex {
  const constants = new Map<string, GraphConstant>();
  const sparse = new Set<string>();
  const producers = new Map<string, number>();
  const consumers = new Map<string, TensorUse[]>();
  const inputs = new Set<string>();

  for (const { name } of graph.input) {
    checkName(name, "graph.input");
    if (inputs.has(name)) definedTwice(name);
    inputs.add(name);
  }
  for (const tensor of graph.initializer) {
    checkName(tensor.name, "graph.initializer");
    if (constants.has(tensor.name)) definedTwice(tensor.name);
    constants.set(tensor.name, { tensor, dims: checkTensor(tensor), node: -1 });
  }
  for (const tensor of graph.sparseInitializer) {
    const name = tensor.values?.name ?? "";
    if (constants.has(name) || sparse.has(name)) definedTwice(name);
    sparse.add(name);
  }
  graph.node.forEach((node, index) => {
    checkName(node.name, "graph.node");
    for (const name of node.output) {
      if (name === "") continue;
      checkName(name, "graph.node.output");
      if (producers.has(name) || constants.has(name) || sparse.has(name) || inputs.has(name))
        definedTwice(name);
      producers.set(name, index);
    }
    if (node.opType === "Constant" && isStandardDomain(node.domain)) {
      const output = node.output[0] ?? "";
      const tensor = constantTensor(node);
      if (tensor === undefined) sparse.add(output);
      else constants.set(output, { tensor, dims: checkTensor(tensor, output), node: index });
    }
  });

  const known = (name: string) =>
    producers.has(name) || constants.has(name) || sparse.has(name) || inputs.has(name);
  const reads = graph.node.map((node, index) => {
    const from = new Set<number>();
    const read = (name: string, input: number) => {
      if (name === "") return;
      if (!known(name)) {
        const message =
          `${describeNode(node, index)} reads tensor ${quoteName(name)}, ` +
          "which nothing defines";
        throw new InvalidModelError(name, message);
      }
      const uses = consumers.get(name);
      if (uses === undefined) consumers.set(name, [{ node: index, input }]);
      else uses.push({ node: index, input });
      const producer = producers.get(name);
      if (producer !== undefined) from.add(producer);
    };
    node.input.forEach(read);
    for (const name of outerNames(node)) read(name, -1);
    return [...from];
  });
  for (const { name } of graph.output) {
    if (!known(name))
      throw new InvalidModelError(name, `graph output ${quoteName(name)} is computed by no node`);
  }
  return {
    graph,
    constants,
    sparse,
    producers,
    consumers,
    order: topologicalOrder(graph.node, reads),
  };
}
