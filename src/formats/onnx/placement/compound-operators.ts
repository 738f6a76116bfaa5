import type { GraphIndex } from "../graph/graph-index.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import { storedNumber } from "./stored-values.js";

/** A few nodes that compute one function of one value. */
export interface CompoundOperator {
  /** Its name in a placement profile. */
  readonly type: "SiLU" | "Gelu" | "HardSwish";
  readonly input: string;
  /** The value that the last node computes. */
  readonly output: string;
  /** Indices of the nodes; the last one computes `output`. */
  readonly nodes: readonly number[];
}

/** What a pattern may ask of the graph. */
interface Around {
  readonly index: GraphIndex;
  /** The node that computes a value nobody else reads, when it is of that type. */
  only(name: string, opType: string): number | undefined;
}

/**
 * The compounds of a graph. Values between their nodes are read by nobody else.
 * @param returned values that the graph returns or that inner graphs read
 */
export function compoundOperators(
  index: GraphIndex,
  returned: ReadonlySet<string>,
): CompoundOperator[] {
  const around: Around = {
    index,
    only: (name, opType) => {
      const at = index.producers.get(name);
      const node = at === undefined ? undefined : index.graph.node[at]!;
      return node?.opType === opType &&
        isStandardDomain(node.domain) &&
        index.consumers.get(name)?.length === 1 &&
        !returned.has(name)
        ? at
        : undefined;
    },
  };
  return index.order.flatMap((at) => {
    const node = index.graph.node[at]!;
    if (!isStandardDomain(node.domain)) return [];
    const found = silu(node, at, around) ?? hardSwish(node, at, around) ?? gelu(node, at, around);
    return found === undefined ? [] : [found];
  });
}

/** Operands of a commutative node in both orders. */
function bothOrders({ input }: NodeProto): readonly (readonly [string, string])[] {
  const [a = "", b = ""] = input;
  return [
    [a, b],
    [b, a],
  ];
}

/** x * Sigmoid(x) */
function silu(node: NodeProto, at: number, { index, only }: Around): CompoundOperator | undefined {
  if (node.opType !== "Mul") return undefined;
  for (const [x, gate] of bothOrders(node)) {
    const sigmoid = only(gate, "Sigmoid");
    if (sigmoid === undefined || index.graph.node[sigmoid]!.input[0] !== x) continue;
    return { type: "SiLU", input: x, output: node.output[0]!, nodes: [sigmoid, at] };
  }
  return undefined;
}

/** x * Clip(x + 3, 0, 6) / 6, divided or multiplied at the end, or before x comes in. */
function hardSwish(node: NodeProto, at: number, around: Around): CompoundOperator | undefined {
  const scaled = sixth(node, around);
  if (scaled !== undefined) {
    const mul = around.only(scaled, "Mul");
    const gate = mul === undefined ? undefined : gateOf(mul, around);
    if (gate !== undefined)
      return {
        ...{ type: "HardSwish", input: gate.input, output: node.output[0]! },
        nodes: [...gate.nodes, mul!, at],
      };
  }
  return undefined;
}

/** x * (1 + Erf(x / sqrt(2))) / 2, the three factors in any order. */
function gelu(node: NodeProto, at: number, { index, only }: Around): CompoundOperator | undefined {
  if (node.opType !== "Mul") return undefined;
  const nodes = [at];
  const factors = bothOrders(node)[0]!.flatMap((factor) => {
    const inner = only(factor, "Mul");
    if (inner === undefined) return [factor];
    nodes.unshift(inner);
    return bothOrders(index.graph.node[inner]!)[0]!;
  });
  if (factors.length !== 3) return undefined;
  const half = factors.findIndex((factor) => storedNumber(index, factor) === 0.5);
  if (half < 0) return undefined;
  factors.splice(half, 1);
  for (const [x = "", sum = ""] of [factors, factors.toReversed()]) {
    const add = only(sum, "Add");
    if (add === undefined) continue;
    for (const [value, one] of bothOrders(index.graph.node[add]!)) {
      const erf = storedNumber(index, one) === 1 ? only(value, "Erf") : undefined;
      if (erf === undefined) continue;
      const [argument = ""] = index.graph.node[erf]!.input;
      const scaled = only(argument, "Div") ?? only(argument, "Mul");
      if (scaled === undefined || scaledBy(index, scaled, x) !== true) continue;
      const inner = [scaled, erf, add, ...nodes];
      return { type: "Gelu", input: x, output: node.output[0]!, nodes: inner };
    }
  }
  return undefined;
}

/** Whether a node computes x / sqrt(2). */
function scaledBy(index: GraphIndex, at: number, x: string): boolean {
  const { opType, input } = index.graph.node[at]!;
  const other = input.find((name) => name !== x);
  const factor = storedNumber(index, other) ?? Number.NaN;
  const wanted = opType === "Div" ? Math.SQRT2 : Math.SQRT1_2;
  return input.includes(x) && (opType === "Mul" || input[0] === x) && near(factor, wanted);
}

const near = (a: number, b: number) => Math.abs(a / b - 1) < 1e-5;

/** What a node multiplies by 1/6. */
function sixth({ opType, input }: NodeProto, { index }: Around): string | undefined {
  const [a = "", b = ""] = input;
  const is = (name: string, value: number) => near(storedNumber(index, name) ?? Number.NaN, value);
  if (opType === "Div") return is(b, 6) ? a : undefined;
  if (opType !== "Mul") return undefined;
  return is(b, 1 / 6) ? a : is(a, 1 / 6) ? b : undefined;
}

function gateOf(
  mul: number,
  { index, only }: Around,
): { readonly input: string; readonly nodes: readonly number[] } | undefined {
  for (const [x, gate] of bothOrders(index.graph.node[mul]!)) {
    const clip = only(gate, "Clip");
    const clipped = clip === undefined ? undefined : index.graph.node[clip]!;
    if (clipped === undefined) continue;
    const [sum = "", low, high] = clipped.input;
    const bounds = clampBounds(index, clipped);
    if (bounds?.low !== 0 || bounds.high !== 6 || low === sum || high === sum) continue;
    const add = only(sum, "Add");
    if (add === undefined) continue;
    for (const [y, three] of bothOrders(index.graph.node[add]!))
      if (y === x && storedNumber(index, three) === 3) return { input: x, nodes: [add, clip!] };
  }
  return undefined;
}

/** Bounds of a Relu or Clip; undefined where they are computed. */
export function clampBounds(
  index: GraphIndex,
  node: NodeProto,
): { readonly low: number; readonly high: number } | undefined {
  if (node.opType === "Relu") return { low: 0, high: Number.POSITIVE_INFINITY };
  if (node.opType !== "Clip") return undefined;
  const bound = (position: number, name: string, none: number) => {
    const given = node.input[position];
    if (given !== undefined && given !== "") return storedNumber(index, given);
    return node.attribute.find((attribute) => attribute.name === name)?.f ?? none;
  };
  const low = bound(1, "min", Number.NEGATIVE_INFINITY);
  const high = bound(2, "max", Number.POSITIVE_INFINITY);
  return low === undefined || high === undefined ? undefined : { low, high };
}
