import { fingerprint } from "../../../numeric/fingerprint.js";
import { constantTensor } from "../graph/constant-tensor.js";
import { isFloatType } from "../graph/element-type.js";
import { makeNode } from "../graph/make-node.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import { subgraphsOf } from "../graph/outer-names.js";
import { copyMessage } from "../opset/copy-graph.js";
import { ModelNames } from "../opset/model-names.js";
import { extentProduct } from "../shape/shape-context.js";
import type { ModelWithGraph } from "../wire/decode-model.js";
import type { GraphProto, NodeProto, TensorProto } from "../wire/onnx_pb.js";
import { CONSTANT_RULES } from "./constant-rules.js";

/** Operators whose bodies see the names around them, and may be run with what stands there. */
const OWNERS: ReadonlySet<string> = new Set(["If", "Loop", "Scan"]);

/** Elements from which a tensor of a body may be a layer's weights. */
const LEAST_ELEMENTS = 16;

/** Names of a body by those that they have in the main graph. */
interface Scope {
  readonly names: ReadonlyMap<string, string>;
  /** Names, as the main graph has them, of what stands there and does not change. */
  readonly constants: Set<string>;
  /** Those of them that may be weights. */
  readonly weights: Set<string>;
}

class Hoister {
  readonly initializers: TensorProto[] = [];
  /** What is to stand before the node of the main graph that is being changed. */
  nodes: NodeProto[] = [];
  moved = 0;
  readonly #names: ModelNames;
  readonly #definitions = new Map<string, number>();
  /** Names in the main graph by what was moved there: branches compute the same twice. */
  readonly #small = new Map<string, string>();
  readonly #large = new Map<string, TensorProto>();
  readonly #results = new Map<string, readonly string[]>();

  constructor(proto: ModelWithGraph) {
    this.#names = new ModelNames(proto);
    this.#countDefinitions(proto.graph);
  }

  #countDefinitions(graph: GraphProto): void {
    const count = (name: string) =>
      this.#definitions.set(name, (this.#definitions.get(name) ?? 0) + 1);
    for (const { name } of graph.input) count(name);
    for (const { name } of graph.initializer) count(name);
    for (const node of graph.node) {
      node.output.forEach(count);
      for (const body of subgraphsOf(node)) this.#countDefinitions(body);
    }
  }

  /** The name in the main graph of what a body calls `name`: the same, where it is unique. */
  #mainName(name: string): string {
    return this.#definitions.get(name) === 1 ? name : this.#names.fresh(name);
  }

  /** A node of the main graph or of a body whose own bodies are emptied of constants. */
  owner(node: NodeProto, scope: Scope): NodeProto {
    const copy = copyMessage(node);
    copy.attribute = node.attribute.map((attribute) => {
      const changed = copyMessage(attribute);
      if (attribute.g !== undefined) changed.g = this.#body(attribute.g, scope);
      return changed;
    });
    return copy;
  }

  #body(body: GraphProto, outer: Scope): GraphProto {
    const names = new Map(outer.names);
    const own = new Set([
      ...body.input.map(({ name }) => name),
      ...body.initializer.map(({ name }) => name),
      ...body.node.flatMap(({ output }) => output),
    ]);
    for (const name of own) names.delete(name);
    const kept = new Set([
      ...body.input.map(({ name }) => name),
      ...body.output.map(({ name }) => name),
    ]);
    const { constants, weights } = outer;
    const scope: Scope = { names, constants, weights };
    /** Small constants and integers, which follow only where a moved node needs them. */
    const local = new Map<string, TensorProto>();
    const gone = new Set<NodeProto | TensorProto>();
    const move = (name: string, tensor: TensorProto) => {
      const main = this.#store(name, tensor);
      names.set(name, main);
      constants.add(main);
      weights.add(main);
      this.moved++;
    };
    const take = (name: string, tensor: TensorProto, from: NodeProto | TensorProto) => {
      if (kept.has(name)) return;
      if (mayBeWeights(tensor)) {
        move(name, tensor);
        gone.add(from);
      } else local.set(name, tensor);
    };
    for (const tensor of body.initializer) take(tensor.name, tensor, tensor);
    for (const node of body.node) {
      if (node.opType !== "Constant" || !isStandardDomain(node.domain)) continue;
      const tensor = constantTensor(node);
      if (tensor !== undefined) take(node.output[0] ?? "", tensor, node);
    }
    const isConstant = (name: string) =>
      name === "" ||
      local.has(name) ||
      constants.has(names.get(name) ?? (own.has(name) ? "" : name));
    for (const node of body.node) {
      if (!this.#isMovable(node, kept, isConstant)) continue;
      const mains = node.input.map((name) => names.get(name) ?? name);
      if (!mains.some((name) => weights.has(name))) continue;
      const copy = copyMessage(node);
      copy.input = node.input.map((name) => this.#operand(name, names, local));
      const key = sameNodeKey(copy);
      const known = this.#results.get(key);
      copy.output = node.output.map((name, i) => {
        if (name === "") return "";
        const main = known?.[i] || this.#mainName(name);
        names.set(name, main);
        constants.add(main);
        weights.add(main);
        return main;
      });
      if (known === undefined) {
        this.#results.set(key, copy.output);
        this.nodes.push(copy);
      }
      this.moved++;
      gone.add(node);
    }
    const copy = copyMessage(body);
    copy.initializer = body.initializer.filter((tensor) => !gone.has(tensor));
    copy.valueInfo = body.valueInfo.filter(({ name }) => !names.has(name));
    copy.node = body.node.flatMap((node) => (gone.has(node) ? [] : [this.#inner(node, scope)]));
    this.#handOut(copy, names, own);
    return copy;
  }

  /** An output of a body is computed in it: what stands around it is handed out by a node. */
  #handOut(body: GraphProto, names: ReadonlyMap<string, string>, own: ReadonlySet<string>): void {
    for (const { name } of body.output) {
      const main = names.get(name);
      if (main === undefined || main === name || own.has(name)) continue;
      body.node.push(makeNode("Identity", "", [main], [name]));
    }
  }

  /** Stores a tensor in the main graph; branches that store the same share it. */
  #store(name: string, tensor: TensorProto): string {
    const { dataType, dims, rawData } = tensor;
    const key = `${dataType};${dims.join()};${fingerprint(rawData)}`;
    const known = rawData.length > 0 ? this.#large.get(key) : undefined;
    if (known !== undefined && sameBytes(known.rawData, rawData)) return known.name;
    const stored = Object.assign(copyMessage(tensor), { name: this.#mainName(name) });
    this.initializers.push(stored);
    this.#large.set(key, stored);
    return stored.name;
  }

  #inner(node: NodeProto, scope: Scope): NodeProto {
    const copy = copyMessage(node);
    copy.input = node.input.map((name) => scope.names.get(name) ?? name);
    if (subgraphsOf(node).length === 0) return copy;
    return isOwner(node) ? this.owner(copy, scope) : renamedBodies(copy, scope.names);
  }

  #isMovable(
    node: NodeProto,
    kept: ReadonlySet<string>,
    isConstant: (name: string) => boolean,
  ): boolean {
    return (
      isStandardDomain(node.domain) &&
      CONSTANT_RULES.has(node.opType) &&
      !node.output.some((name) => kept.has(name)) &&
      node.input.every(isConstant)
    );
  }

  /** An operand of a moved node; a small constant of the body gets a copy in the main graph. */
  #operand(
    name: string,
    names: Map<string, string>,
    local: ReadonlyMap<string, TensorProto>,
  ): string {
    const known = names.get(name);
    const tensor = local.get(name);
    if (known !== undefined || tensor === undefined) return known ?? name;
    const key = sameTensorKey(tensor);
    let main = this.#small.get(key);
    if (main === undefined) {
      main = this.#names.fresh(name);
      this.#small.set(key, main);
      this.initializers.push(Object.assign(copyMessage(tensor), { name: main }));
    }
    return main;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A text that small tensors of one content have in common. */
function sameTensorKey(tensor: TensorProto): string {
  const { dataType, dims, rawData, int32Data, int64Data, floatData, doubleData } = tensor;
  const lists = [dims, rawData, int32Data, int64Data, tensor.uint64Data, floatData, doubleData];
  return [dataType, ...lists.map((list) => list.join())].join(";");
}

/** A text that nodes which compute the same have in common. */
function sameNodeKey({ opType, input, output, attribute }: NodeProto): string {
  const settings = attribute
    .map(({ name, i, f, s, ints, floats }) =>
      [name, i, f, s.join(), ints.join(), floats.join()].join(),
    )
    .sort();
  return JSON.stringify([opType, input, output.map((name) => name !== ""), settings]);
}

function mayBeWeights({ dataType, dims }: TensorProto): boolean {
  return isFloatType(dataType) && extentProduct(dims.map(Number)) >= LEAST_ELEMENTS;
}

function isOwner({ domain, opType }: NodeProto): boolean {
  return isStandardDomain(domain) && OWNERS.has(opType);
}

/** A node whose bodies read other names of what stands around them. */
function renamedBodies(node: NodeProto, outer: ReadonlyMap<string, string>): NodeProto {
  const inBody = (graph: GraphProto): GraphProto => {
    const names = new Map(outer);
    for (const { name } of [...graph.input, ...graph.initializer]) names.delete(name);
    for (const { output } of graph.node) for (const name of output) names.delete(name);
    const copy = copyMessage(graph);
    copy.node = graph.node.map((inner) => {
      const changed = copyMessage(inner);
      changed.input = inner.input.map((name) => names.get(name) ?? name);
      return subgraphsOf(inner).length === 0 ? changed : renamedBodies(changed, names);
    });
    return copy;
  };
  const copy = copyMessage(node);
  copy.attribute = node.attribute.map((attribute) => {
    const changed = copyMessage(attribute);
    if (attribute.g !== undefined) changed.g = inBody(attribute.g);
    changed.graphs = attribute.graphs.map(inBody);
    return changed;
  });
  return copy;
}

/** What the main graph stores. */
function storedIn(graph: GraphProto): Scope {
  const constants = new Set<string>();
  const weights = new Set<string>();
  const inputs = new Set(graph.input.map(({ name }) => name));
  const add = (name: string, tensor: TensorProto) => {
    constants.add(name);
    if (mayBeWeights(tensor)) weights.add(name);
  };
  for (const tensor of graph.initializer) if (!inputs.has(tensor.name)) add(tensor.name, tensor);
  for (const node of graph.node) {
    if (node.opType !== "Constant" || !isStandardDomain(node.domain)) continue;
    const tensor = constantTensor(node);
    if (tensor !== undefined) add(node.output[0] ?? "", tensor);
  }
  return { names: new Map(), constants, weights };
}

/**
 * A model whose If, Loop and Scan bodies take their float tensors from the main graph, with what
 * computes on stored tensors alone. There weights behind Slice or Concat are folded, and found.
 * Bodies see all names around them, so nothing else changes.
 * @param proto is not changed; it is returned itself where there is nothing to move
 * @param note hears how much was moved
 */
export function hoistConstants(
  proto: ModelWithGraph,
  note: (text: string) => void,
): ModelWithGraph {
  if (!proto.graph.node.some((node) => isOwner(node) && subgraphsOf(node).length > 0)) return proto;
  const hoister = new Hoister(proto);
  const scope = storedIn(proto.graph);
  const graph = copyMessage(proto.graph);
  graph.node = proto.graph.node.flatMap((node) => {
    if (!isOwner(node)) return [node];
    hoister.nodes = [];
    const owner = hoister.owner(node, scope);
    return [...hoister.nodes, owner];
  });
  if (hoister.moved === 0) return proto;
  graph.initializer = [...proto.graph.initializer, ...hoister.initializers];
  note(
    `${hoister.moved} constants of bodies of If, Loop and Scan moved to the main graph ` +
      "(the option fold: false leaves the graph as it is)",
  );
  return Object.assign(copyMessage(proto), { graph });
}
