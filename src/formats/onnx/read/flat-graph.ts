import { makeNode } from "../graph/make-node.js";
import { intAttribute, intsAttribute, isStandardDomain } from "../graph/node-attributes.js";
import { describeNode, rememberPlace } from "../graph/node-place.js";
import { subgraphsOf } from "../graph/outer-names.js";
import { copyMessage } from "../opset/copy-graph.js";
import { BODY_DOMAIN } from "../shape/body-shapes.js";
import type { GraphProto, NodeProto, TensorProto, ValueInfoProto } from "../wire/onnx_pb.js";

/** How often a body runs: as a tensor of one number says, or once for each index of an axis. */
export type Repeats =
  | { readonly count: string }
  | { readonly sequence: string; readonly axis: number };

/** Where a node of a body stands. */
export interface BodyPlace {
  /** The choices between branches that lead to it, outermost first. */
  readonly branches: readonly { readonly choice: number; readonly branch: number }[];
  readonly repeats: readonly Repeats[];
}

/** A graph whose bodies of If, Loop and Scan stand among the nodes around them. */
export interface FlatGraph {
  readonly graph: GraphProto;
  /** For each node its index in the main graph; -1 for what bodies hold, and for stand-ins. */
  readonly nodeOf: readonly number[];
  /** For each node of a body where it stands; undefined for nodes of the main graph. */
  readonly placeOf: readonly (BodyPlace | undefined)[];
  /** Tensors that bodies store, by their names here. */
  readonly stored: ReadonlySet<string>;
}

/** Names that a body sees. */
interface Scope {
  readonly names: Map<string, string>;
  readonly outer: Scope | undefined;
}

function resolve(scope: Scope | undefined, name: string): string {
  for (let at = scope; at !== undefined; at = at.outer) {
    const found = at.names.get(name);
    if (found !== undefined) return found;
  }
  return name;
}

class Flattener {
  readonly nodes: NodeProto[] = [];
  readonly nodeOf: number[] = [];
  readonly placeOf: (BodyPlace | undefined)[] = [];
  readonly stored = new Set<string>();
  readonly initializers: TensorProto[] = [];
  readonly inputs: ValueInfoProto[] = [];
  readonly infos: ValueInfoProto[] = [];
  readonly #taken = new Set<string>();
  readonly #next = new Map<string, number>();
  #choices = 0;

  constructor(main: GraphProto) {
    for (const { name } of main.input) this.#taken.add(name);
    for (const { name } of main.initializer) this.#taken.add(name);
    for (const { output } of main.node) for (const name of output) this.#taken.add(name);
  }

  #fresh(base: string): string {
    let count = this.#next.get(base) ?? 1;
    let name = count === 1 ? base : `${base}#${count}`;
    while (this.#taken.has(name)) name = `${base}#${++count}`;
    this.#next.set(base, count + 1);
    this.#taken.add(name);
    return name;
  }

  #push(node: NodeProto, main: number, place: BodyPlace | undefined): void {
    this.nodes.push(node);
    this.nodeOf.push(main);
    this.placeOf.push(place);
  }

  #standIn(
    opType: string,
    inputs: readonly string[],
    output: string,
    place: BodyPlace | undefined,
    owner: string,
    axis?: number,
  ): void {
    if (output === "" || inputs.length === 0) return;
    const node = makeNode(opType, "", inputs, [output], axis === undefined ? {} : { axis });
    node.domain = BODY_DOMAIN;
    rememberPlace(node, owner);
    this.#push(node, -1, place);
  }

  /** Adds a node of the main graph. */
  addMain(node: NodeProto, at: number): void {
    if (subgraphsOf(node).length === 0) this.#push(node, at, undefined);
    else this.#addOwner(node, at, undefined, undefined, describeNode(node, at));
  }

  #addInner(
    node: NodeProto,
    at: number,
    scope: Scope,
    place: BodyPlace | undefined,
    where: string,
  ): void {
    const text = `${describeNode(node, at)} in ${where}`;
    const copy = copyMessage(node);
    copy.input = node.input.map((name) => resolve(scope, name));
    copy.output = node.output.map((name) => resolve(scope, name));
    rememberPlace(copy, text);
    if (subgraphsOf(node).length > 0) {
      this.#addOwner(copy, -1, scope, place, text);
      return;
    }
    if (node.opType === "Constant" && isStandardDomain(node.domain))
      for (const name of copy.output) this.stored.add(name);
    this.#push(copy, -1, place);
  }

  /** Adds a node with bodies, whose inputs and outputs have their names here. */
  #addOwner(
    node: NodeProto,
    main: number,
    scope: Scope | undefined,
    place: BodyPlace | undefined,
    text: string,
  ): void {
    const standard = isStandardDomain(node.domain);
    const bodies = node.attribute.flatMap(({ name, g }) => (g === undefined ? [] : [{ name, g }]));
    const within = (extra: Partial<BodyPlace>): BodyPlace => ({
      branches: [...(place?.branches ?? []), ...(extra.branches ?? [])],
      repeats: [...(place?.repeats ?? []), ...(extra.repeats ?? [])],
    });
    if (standard && node.opType === "If") {
      const choice = this.#choices++;
      const results = bodies.map(({ name, g }, branch) =>
        this.#addBody(
          g,
          scope,
          [],
          within({ branches: [{ choice, branch }] }),
          `${name} of ${text}`,
        ),
      );
      node.output.forEach((output, i) => {
        this.#standIn(
          "Pass",
          results.flatMap((names) => names[i] ?? []),
          output,
          place,
          text,
        );
      });
      return;
    }
    const [body] = bodies;
    if (standard && node.opType === "Loop" && body !== undefined) {
      const initial = node.input.slice(2);
      const count = node.input[0] ?? "";
      const inner = within({ repeats: [{ count }] });
      const sources = [[], [], ...initial.map((name) => [{ opType: "Pass", name }])];
      const results = this.#addBody(body.g, scope, sources, inner, `the body of ${text}`).slice(1);
      node.output.forEach((output, i) => {
        const made = results[i] ?? "";
        if (i < initial.length) this.#standIn("Pass", [made, initial[i]!], output, place, text);
        else this.#standIn("Stack", [made], output, place, text);
      });
      return;
    }
    if (standard && node.opType === "Scan" && body !== undefined) {
      const sequences = intAttribute(node, "num_scan_inputs", 0);
      const states = Math.max(0, node.input.length - sequences);
      const axes = intsAttribute(node, "scan_input_axes") ?? [];
      const sequence = node.input[states] ?? "";
      const inner = within({ repeats: [{ sequence, axis: axes[0] ?? 0 }] });
      const sources = node.input.map((name, i) => [
        i < states
          ? { opType: "Pass", name }
          : { opType: "Step", name, axis: axes[i - states] ?? 0 },
      ]);
      const results = this.#addBody(body.g, scope, sources, inner, `the body of ${text}`);
      node.output.forEach((output, i) => {
        const made = results[i] ?? "";
        if (i < states) this.#standIn("Pass", [made, node.input[i] ?? ""], output, place, text);
        else this.#standIn("Stack", [made], output, place, text);
      });
      return;
    }
    for (const { name, g } of bodies) this.#addBody(g, scope, [], within({}), `${name} of ${text}`);
    const bare = copyMessage(node);
    bare.attribute = node.attribute.filter(({ g, graphs }) => g === undefined && !graphs.length);
    rememberPlace(bare, text);
    this.#push(bare, main, place);
  }

  /**
   * Adds what a body holds.
   * @param sources what each of its inputs has its shape from
   * @returns its outputs by their names here
   */
  #addBody(
    body: GraphProto,
    outer: Scope | undefined,
    sources: readonly (readonly { opType: string; name: string; axis?: number }[])[],
    place: BodyPlace,
    where: string,
  ): string[] {
    const scope: Scope = { names: new Map(), outer };
    const define = (name: string) => {
      if (name !== "" && !scope.names.has(name)) scope.names.set(name, this.#fresh(name));
    };
    for (const { name } of body.initializer) define(name);
    const stored = new Set(body.initializer.map(({ name }) => name));
    for (const { name } of body.input) define(name);
    for (const { output } of body.node) output.forEach(define);
    for (const tensor of body.initializer) {
      const name = scope.names.get(tensor.name)!;
      this.initializers.push(Object.assign(copyMessage(tensor), { name }));
      this.stored.add(name);
    }
    const renamed = (info: ValueInfoProto) =>
      Object.assign(copyMessage(info), { name: resolve(scope, info.name) });
    for (const info of [...body.valueInfo, ...body.output]) this.infos.push(renamed(info));
    body.input.forEach((info, i) => {
      if (stored.has(info.name)) return;
      const [source] = sources[i] ?? [];
      const name = scope.names.get(info.name) ?? "";
      if (source === undefined || source.name === "") this.inputs.push(renamed(info));
      else {
        this.infos.push(renamed(info));
        this.#standIn(source.opType, [source.name], name, place, where, source.axis);
      }
    });
    body.node.forEach((node, at) => {
      this.#addInner(node, at, scope, place, where);
    });
    return body.output.map(({ name }) => resolve(scope, name));
  }
}

/**
 * A graph to read layers from: what the bodies of If, Loop and Scan hold stands before the node
 * that owns them, under names of its own, and stand-ins of {@link BODY_DOMAIN} link their values
 * with those around them. A graph without bodies is returned itself.
 */
export function flatGraph(main: GraphProto): FlatGraph {
  if (!main.node.some((node) => subgraphsOf(node).length > 0))
    return {
      graph: main,
      nodeOf: main.node.map((_, at) => at),
      placeOf: main.node.map(() => undefined),
      stored: new Set(),
    };
  const flat = new Flattener(main);
  main.node.forEach((node, at) => {
    if (subgraphsOf(node).length === 0 && node.name === "")
      rememberPlace(node, `${node.opType} node ${at}`);
    flat.addMain(node, at);
  });
  const graph = copyMessage(main);
  graph.node = flat.nodes;
  graph.initializer = [...main.initializer, ...flat.initializers];
  graph.input = [...main.input, ...flat.inputs];
  graph.valueInfo = [...main.valueInfo, ...flat.infos];
  const { nodeOf, placeOf, stored } = flat;
  return { graph, nodeOf, placeOf, stored };
}
