import { create } from "@bufbuild/protobuf";
import { quoteName } from "../../../check/quote-name.js";
import { InvalidModelError, UnsupportedError } from "../../../errors.js";
import { constantTensor } from "../graph/constant-tensor.js";
import { makeNode } from "../graph/make-node.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import { subgraphsOf } from "../graph/outer-names.js";
import { copyMessage } from "../opset/copy-graph.js";
import { ModelNames } from "../opset/model-names.js";
import { raiseOpset } from "../opset/raise-opset.js";
import type { ModelWithGraph } from "../wire/decode-model.js";
import { LIMITS } from "../wire/limits.js";
import {
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
} from "../wire/onnx_pb.js";

/** Characters of a call's name that the names of what it becomes begin with. */
const PREFIX_LENGTH = 200;

function keyOf(domain: string, name: string, overload: string): string {
  return JSON.stringify([isStandardDomain(domain) ? "" : domain, name, overload]);
}

const keyOfCall = ({ domain, opType, overload }: NodeProto) => keyOf(domain, opType, overload);
const keyOfFunction = ({ domain, name, overload }: FunctionProto) => keyOf(domain, name, overload);

/** Calls `visit` with nodes and those of their subgraphs. */
function visitNodes(nodes: readonly NodeProto[], visit: (node: NodeProto) => void): void {
  for (const node of nodes) {
    visit(node);
    for (const graph of subgraphsOf(node)) visitNodes(graph.node, visit);
  }
}

/** The functions of a model that can be inlined, by key, at the opset of the model. */
function inlinable(
  proto: ModelWithGraph,
  opset: number,
  note: (text: string, subject: string) => void,
): Map<string, FunctionProto> {
  const functions = new Map<string, FunctionProto>();
  for (const fn of proto.functions) {
    const versions = fn.opsetImport.filter(({ domain }) => isStandardDomain(domain));
    const own = Number(versions[0]?.version ?? opset);
    const where = `function ${quoteName(fn.name)}`;
    if (own === opset) functions.set(keyOfFunction(fn), fn);
    else if (own > opset) note("not inlined, as it is of a later opset than the model", where);
    else {
      try {
        functions.set(keyOfFunction(fn), raised(fn, opset));
      } catch (error) {
        if (!(error instanceof UnsupportedError || error instanceof InvalidModelError)) throw error;
        note("not inlined, as it cannot be raised to the opset of the model", where);
      }
    }
  }
  return functions;
}

function raised(fn: FunctionProto, opset: number): FunctionProto {
  const graph = create(GraphProtoSchema, {});
  graph.node = fn.node;
  const model: ModelProto = create(ModelProtoSchema, {});
  model.graph = graph;
  model.opsetImport = fn.opsetImport;
  return Object.assign(copyMessage(fn), { node: raiseOpset(model, opset).graph!.node });
}

/**
 * Nodes that each function becomes, nested calls included; larger than {@link LIMITS} where that is
 * too many.
 * @throws InvalidModelError for a function that calls itself
 */
function sizesOf(functions: ReadonlyMap<string, FunctionProto>): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  const open = new Set<string>();
  const sizeOf = (key: string, fn: FunctionProto): number => {
    const known = sizes.get(key);
    if (known !== undefined) return known;
    if (open.has(key))
      throw new InvalidModelError(fn.name, `function ${quoteName(fn.name)} calls itself`);
    if (open.size >= LIMITS.callDepth) return Number.POSITIVE_INFINITY;
    open.add(key);
    let size = 1;
    visitNodes(fn.node, (node) => {
      const inner = keyOfCall(node);
      const called = functions.get(inner);
      size += called === undefined ? 1 : sizeOf(inner, called);
    });
    open.delete(key);
    sizes.set(key, size);
    return size;
  };
  for (const [key, fn] of functions) sizeOf(key, fn);
  return sizes;
}

/** What the attributes of a function's body stand for at one call. */
interface Call {
  readonly fn: FunctionProto;
  readonly attributes: ReadonlyMap<string, AttributeProto>;
  readonly prefix: string;
}

class Inliner {
  /** Constants of functions, stored once for all calls. */
  readonly constants: TensorProto[] = [];
  readonly counts = new Map<string, number>();
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  readonly #names: ModelNames;
  /** Names of constants by the node of the function that holds them. */
  readonly #stored = new Map<NodeProto, string>();

  constructor(proto: ModelWithGraph, functions: ReadonlyMap<string, FunctionProto>) {
    this.#functions = functions;
    this.#names = new ModelNames(proto);
  }

  /** Nodes of the caller's graph with calls replaced; their names stay. */
  expand(nodes: readonly NodeProto[]): NodeProto[] {
    return nodes.flatMap((node) => {
      const own = this.#expandBodies(node);
      const fn = this.#functions.get(keyOfCall(own));
      return fn === undefined ? [own] : this.#inline(own, fn);
    });
  }

  #expandBodies(node: NodeProto): NodeProto {
    if (subgraphsOf(node).length === 0) return node;
    const within = (graph: GraphProto): GraphProto =>
      Object.assign(copyMessage(graph), { node: this.expand(graph.node) });
    const copy = copyMessage(node);
    copy.attribute = node.attribute.map((attribute) => {
      const changed = copyMessage(attribute);
      if (attribute.g !== undefined) changed.g = within(attribute.g);
      changed.graphs = attribute.graphs.map(within);
      return changed;
    });
    return copy;
  }

  #inline(node: NodeProto, fn: FunctionProto): NodeProto[] {
    this.counts.set(fn.name, (this.counts.get(fn.name) ?? 0) + 1);
    const prefix = (node.name || node.output.find((name) => name !== "") || fn.name).slice(
      -PREFIX_LENGTH,
    );
    const names = new Map<string, string>([["", ""]]);
    for (const [i, name] of fn.input.entries()) names.set(name, node.input[i] ?? "");
    const copies: NodeProto[] = [];
    fn.output.forEach((name, i) => {
      const wanted = node.output[i] ?? "";
      if (wanted === "") return;
      // What a function hands on, or gives twice, has a name already.
      if (names.has(name)) copies.push(makeNode("Identity", "", [names.get(name)!], [wanted]));
      else names.set(name, wanted);
    });
    const attributes = new Map(fn.attributeProto.map((attribute) => [attribute.name, attribute]));
    for (const attribute of node.attribute) attributes.set(attribute.name, attribute);
    const call: Call = { fn, attributes, prefix };
    for (const { output } of fn.node) this.#define(call, names, output);
    const returned = new Set(fn.output);
    const body = fn.node.flatMap((inner) => this.#bound(inner, call, names, returned));
    return [...this.expand(body), ...copies];
  }

  #define(call: Call, names: Map<string, string>, output: readonly string[]): void {
    for (const name of output)
      if (!names.has(name)) names.set(name, this.#names.fresh(`${call.prefix}/${name}`));
  }

  /** A node of a function's body at one call; none for a constant that is stored. */
  #bound(
    node: NodeProto,
    call: Call,
    names: Map<string, string>,
    returned: ReadonlySet<string>,
  ): NodeProto[] {
    const tensor = this.#constantOf(node);
    const [output = ""] = node.output;
    if (tensor !== undefined && !returned.has(output) && output !== "") {
      names.set(output, this.#store(node, tensor, call));
      return [];
    }
    const copy = copyMessage(node);
    if (node.name !== "") copy.name = this.#names.fresh(`${call.prefix}/${node.name}`);
    copy.input = node.input.map((name) => names.get(name) ?? name);
    copy.output = node.output.map((name) => names.get(name) ?? name);
    while (copy.input.at(-1) === "") copy.input.pop();
    copy.attribute = node.attribute.flatMap((attribute) => this.#attribute(attribute, call, names));
    return [copy];
  }

  #attribute(attribute: AttributeProto, call: Call, names: Map<string, string>): AttributeProto[] {
    const copy = copyMessage(attribute);
    if (attribute.refAttrName !== "") {
      const given = call.attributes.get(attribute.refAttrName);
      // The operator's default holds where the call gives none.
      return given === undefined
        ? []
        : [Object.assign(copyMessage(given), { name: attribute.name })];
    }
    if (attribute.g !== undefined) copy.g = this.#body(attribute.g, call, names);
    copy.graphs = attribute.graphs.map((graph) => this.#body(graph, call, names));
    return [copy];
  }

  #body(graph: GraphProto, call: Call, outer: ReadonlyMap<string, string>): GraphProto {
    const names = new Map(outer);
    const own = [
      ...graph.input.map(({ name }) => name),
      ...graph.initializer.map(({ name }) => name),
      ...graph.node.flatMap(({ output }) => output),
    ];
    for (const name of own) names.delete(name);
    names.set("", "");
    this.#define(call, names, own);
    const renamed = <T extends { name: string }>(one: T): T =>
      Object.assign(copyMessage(one), { name: names.get(one.name) ?? one.name });
    const copy = copyMessage(graph);
    const returned = new Set(graph.output.map(({ name }) => name));
    copy.node = graph.node.flatMap((node) => this.#bound(node, call, names, returned));
    copy.input = graph.input.map(renamed);
    copy.output = graph.output.map(renamed);
    copy.initializer = graph.initializer.map(renamed);
    copy.valueInfo = graph.valueInfo.map(renamed);
    return copy;
  }

  #constantOf(node: NodeProto): TensorProto | undefined {
    if (node.opType !== "Constant" || !isStandardDomain(node.domain)) return undefined;
    const isFixed = node.attribute.every(({ refAttrName }) => refAttrName === "");
    return isFixed ? constantTensor(node) : undefined;
  }

  #store(node: NodeProto, tensor: TensorProto, call: Call): string {
    let name = this.#stored.get(node);
    if (name === undefined) {
      name = this.#names.fresh(`${call.fn.name}/${node.output[0]}`);
      this.#stored.set(node, name);
      this.constants.push(Object.assign(copyMessage(tensor), { name }));
    }
    return name;
  }
}

/**
 * A model without its local functions: each call becomes the nodes of the function, and what a
 * function stores is stored once. Functions of an earlier opset are raised first. Nothing is
 * inlined where the graph would have more nodes than {@link LIMITS} allows.
 * @param proto is not changed; it is returned itself where there is nothing to inline
 * @param note hears what was inlined, and what was not
 * @throws InvalidModelError for a function that calls itself
 */
export function inlineFunctions(
  proto: ModelWithGraph,
  opset: number,
  note: (text: string, subject?: string) => void,
): ModelWithGraph {
  if (proto.functions.length === 0) return proto;
  const functions = inlinable(proto, opset, note);
  const sizes = sizesOf(functions);
  let nodes = 0;
  let calls = 0;
  visitNodes(proto.graph.node, (node) => {
    const size = sizes.get(keyOfCall(node));
    nodes += size ?? 1;
    if (size !== undefined) calls++;
  });
  if (calls === 0) return proto;
  if (nodes > LIMITS.nodes) {
    note(
      `the functions of the model are not inlined: they would become ${nodes} nodes; at most ` +
        `${LIMITS.nodes}`,
    );
    return proto;
  }
  const inliner = new Inliner(proto, functions);
  const graph = copyMessage(proto.graph);
  graph.node = inliner.expand(proto.graph.node);
  graph.initializer = [...proto.graph.initializer, ...inliner.constants];
  const result = Object.assign(copyMessage(proto), { graph });
  result.functions = calledFrom(graph, proto.functions);
  const domains = new Set(proto.opsetImport.map(({ domain }) => domain));
  const used = new Set<string>();
  visitNodes(graph.node, ({ domain }) => used.add(domain));
  for (const fn of proto.functions)
    for (const one of fn.opsetImport) {
      if (domains.has(one.domain) || !used.has(one.domain)) continue;
      if (isStandardDomain(one.domain)) continue;
      domains.add(one.domain);
      result.opsetImport = [...result.opsetImport, one];
    }
  const counts = [...inliner.counts].map(([name, count]) => `${count} ${name}`).sort();
  note(`calls of local functions inlined: ${counts.join(", ")}`);
  return result;
}

/** The functions that a graph still calls, directly or through others. */
function calledFrom(graph: GraphProto, functions: readonly FunctionProto[]): FunctionProto[] {
  const byKey = new Map(functions.map((fn) => [keyOfFunction(fn), fn]));
  const called = new Set<FunctionProto>();
  const open: (readonly NodeProto[])[] = [graph.node];
  while (open.length > 0)
    visitNodes(open.pop()!, (node) => {
      const fn = byKey.get(keyOfCall(node));
      if (fn === undefined || called.has(fn)) return;
      called.add(fn);
      open.push(fn.node);
    });
  return functions.filter((fn) => called.has(fn));
}
