import { quoteName } from "../../../check/quote-name.js";
import { InvalidModelError } from "../../../errors.js";
import type { GraphIndex } from "../graph/graph-index.js";
import { BLOCKED_CHANNELS, isStandardDomain, MICROSOFT } from "../graph/node-attributes.js";
import { describeNode } from "../graph/node-place.js";
import { subgraphsOf } from "../graph/outer-names.js";
import { LIMITS } from "../wire/limits.js";
import type { NodeProto, ValueInfoProto } from "../wire/onnx_pb.js";
import { BODY_DOMAIN, BODY_RULES } from "./body-shapes.js";
import { declaredDims, declaredShape } from "./declared-shape.js";
import { ELEMENTWISE_RULES } from "./elementwise-shapes.js";
import { foldedConstant, foldNode } from "./fold-values.js";
import { LAYOUT_RULES } from "./layout-shapes.js";
import { BLOCKED_RULES, MICROSOFT_RULES, QUANTIZED_RULES } from "./microsoft-shapes.js";
import { PRODUCT_RULES } from "./product-shapes.js";
import type { FoldedTensor, Shape, ShapeContext, ShapeRule } from "./shape-context.js";
import { SPATIAL_RULES } from "./spatial-shapes.js";

/** What shape inference found. */
export interface InferredShapes {
  /** Shape of a tensor; undefined when it could not be told. */
  shapeOf(name: string): Shape | undefined;
  /**
   * True when the tensor's shape rests on a default for an unknown extent or on a guess, so that it
   * may be wrong.
   */
  isDoubtful(name: string): boolean;
  /** Values of a tensor where they follow from constants and shapes and are few. */
  valueOf(name: string): FoldedTensor | undefined;
}

const RULES: ReadonlyMap<string, ShapeRule> = new Map(
  [SPATIAL_RULES, PRODUCT_RULES, LAYOUT_RULES, ELEMENTWISE_RULES, QUANTIZED_RULES].flatMap(
    (rules) => Object.entries(rules),
  ),
);

const ADDED: ReadonlyMap<string, ReadonlyMap<string, ShapeRule>> = new Map([
  [MICROSOFT, new Map(Object.entries(MICROSOFT_RULES))],
  [BLOCKED_CHANNELS, new Map(Object.entries(BLOCKED_RULES))],
  [BODY_DOMAIN, BODY_RULES],
]);

function ruleOf({ domain, opType }: NodeProto): ShapeRule | undefined {
  if (isStandardDomain(domain)) return RULES.get(opType);
  return ADDED.get(domain)?.get(opType);
}

const DATA_DEPENDENT: ReadonlySet<string> = new Set([
  "Compress",
  "NonMaxSuppression",
  "NonZero",
  "StringSplit",
  "Unique",
]);

function isPossible(shape: Shape): boolean {
  let count = 1;
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0) return false;
    count *= Math.max(extent, 1);
  }
  return shape.length <= LIMITS.rank && count <= LIMITS.elements;
}

/**
 * Infers the shape of every tensor of a graph at batch 1. An unknown first extent of an input is
 * the batch, hence 1; another unknown extent is looked up in `dimensions` by its symbol, else taken
 * as 1 with a note. Where an operator is unknown or a shape cannot be computed, the file's own
 * value_info is used; without that, an unknown operator is taken to keep the shape of its first
 * input, with a note. Where shapes contradict each other the tensor's shape is unknown, and a note
 * says so.
 * @throws InvalidModelError when a graph input declares a shape that no tensor can have
 */
export function inferShapes(
  index: GraphIndex,
  opset: number,
  dimensions: ReadonlyMap<string, number>,
  note: (text: string, subject?: string) => void,
): InferredShapes {
  const { graph } = index;
  const shapes = new Map<string, Shape>();
  const values = new Map<string, FoldedTensor | undefined>();
  const declared = new Map<string, ValueInfoProto>();
  const doubtful = new Set<string>();
  const doubt = (name: string) => (text: string, subject?: string) => {
    doubtful.add(name);
    note(text, subject);
  };
  let folded = 0;

  for (const info of [...graph.valueInfo, ...graph.output]) declared.set(info.name, info);
  for (const input of graph.input) {
    const shape = declaredShape(input, dimensions, doubt(input.name));
    if (shape === undefined) continue;
    if (!isPossible(shape)) {
      const message =
        `input ${quoteName(input.name)} declares the shape ` +
        `[${shape.slice(0, LIMITS.rank).join(", ")}]; at most ${LIMITS.rank} extents and ` +
        `${LIMITS.elements} elements are possible`;
      throw new InvalidModelError(input.name, message);
    }
    shapes.set(input.name, shape);
  }
  for (const [name, constant] of index.constants) shapes.set(name, constant.dims);

  const known = (node: NodeProto, position: number) => {
    const name = node.input[position] ?? "";
    return name === "" ? undefined : name;
  };
  const knownValue = (name: string): FoldedTensor | undefined => {
    if (values.has(name)) return values.get(name);
    const constant = index.constants.get(name);
    const value = constant && foldedConstant(constant.tensor, constant.dims, name);
    values.set(name, value);
    return value;
  };
  const context: ShapeContext = {
    opset,
    shape: (node, position) => shapes.get(known(node, position) ?? ""),
    value: (node, position) => {
      const name = known(node, position);
      return name === undefined ? undefined : knownValue(name);
    },
  };

  function fallback(
    node: NodeProto,
    at: number,
    name: string,
    unknownOperator: boolean,
  ): Shape | undefined {
    const info = declared.get(name);
    const shape = info && declaredShape(info, dimensions, doubt(name));
    if (shape !== undefined && isPossible(shape)) return shape;
    const first = context.shape(node, 0);
    // Operators with subgraphs, and those whose output depends on values, seldom keep a shape.
    const guess =
      unknownOperator && subgraphsOf(node).length === 0 && !DATA_DEPENDENT.has(node.opType);
    if (guess && first !== undefined && name === node.output[0]) {
      doubt(name)(
        "unknown operator, its output is taken to have the shape of its first input",
        describeNode(node, at),
      );
      return first;
    }
    doubt(name)("the shape of an output could not be inferred", describeNode(node, at));
    return undefined;
  }

  /** What a body takes or gives: the declared shape, else one that may differ between runs. */
  function ofBody(name: string, shape: Shape | undefined): Shape | undefined {
    const info = declared.get(name);
    const dims = info && declaredDims(info);
    if (dims?.every((extent) => typeof extent === "number") === true && isPossible(dims))
      return dims;
    doubtful.add(name);
    return shape;
  }

  for (const at of index.order) {
    const node = graph.node[at]!;
    const rule = ruleOf(node);
    const found = rule?.(node, context) ?? [];
    const fromDoubt = node.input.some((name) => doubtful.has(name));
    node.output.forEach((name, i) => {
      if (name === "" || index.constants.has(name)) return;
      if (fromDoubt) doubtful.add(name);
      const inferred = found[i];
      const possible = inferred !== undefined && isPossible(inferred) ? inferred : undefined;
      const shape =
        node.domain === BODY_DOMAIN
          ? ofBody(name, possible)
          : (possible ?? fallback(node, at, name, rule === undefined));
      if (shape !== undefined) shapes.set(name, shape);
      // Values are computed by the rule's own shape: the file may declare any.
      if (i > 0 || shape === undefined || shape !== inferred) return;
      if (!isStandardDomain(node.domain)) return;
      const value = folded < LIMITS.foldedTotal ? foldNode(node, context, shape) : undefined;
      if (value === undefined) return;
      folded += value.data.length;
      values.set(name, value);
    });
  }
  return {
    shapeOf: (name) => shapes.get(name),
    isDoubtful: (name) => doubtful.has(name),
    valueOf: knownValue,
  };
}
