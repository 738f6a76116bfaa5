import { quoteName } from "../../../check/quote-name.js";
import { InvalidArgumentError, InvalidModelError, UnsupportedError } from "../../../errors.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import type { GraphProto, ModelProto, NodeProto, OperatorSetIdProto } from "../wire/onnx_pb.js";
import { AdapterSite } from "./adapter-site.js";
import { adaptersAt } from "./adapters.js";
import { copyGraph, copyMessage, copyNode } from "./copy-graph.js";
import { ModelNames } from "./model-names.js";
import { operatorSince } from "./operator-since.js";
import { ValueFacts, type ValueScope } from "./value-facts.js";

/** The oldest opset that is raised; 6 and before broadcast by other rules. */
const OLDEST_OPSET = 7;
/** The newest opset whose operators are known here, and the newest that ONNX Runtime 1.30 runs. */
const NEWEST_OPSET = 26;

/**
 * The IR version that was released with an opset (VERSION_TABLE of the ONNX helper;
 * docs/Versioning.md).
 */
const IR_OF_OPSET: readonly (readonly [opset: number, ir: bigint])[] = [
  [25, 13n],
  [24, 12n],
  [23, 11n],
  [21, 10n],
  [19, 9n],
  [15, 8n],
  [12, 7n],
  [11, 6n],
  [10, 5n],
  [9, 4n],
  [7, 3n],
];

/** The version of the default domain; undefined when it is not imported. */
function defaultOpset(imports: readonly OperatorSetIdProto[]): number | undefined {
  const versions = new Set(
    imports.filter(({ domain }) => isStandardDomain(domain)).map((one) => Number(one.version)),
  );
  if (versions.size > 1) {
    const all = [...versions].join(" and ");
    const message = `opset_import gives the default domain the versions ${all}`;
    throw new InvalidModelError("opset_import", message);
  }
  return [...versions][0];
}

function withDefaultOpset(
  imports: readonly OperatorSetIdProto[],
  version: number,
): OperatorSetIdProto[] {
  return imports.map((one) =>
    isStandardDomain(one.domain)
      ? Object.assign(copyMessage(one), { version: BigInt(version) })
      : one,
  );
}

function subgraphs(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap(({ g, graphs }) => (g === undefined ? graphs : [g, ...graphs]));
}

/**
 * @throws UnsupportedError for an operator of the default domain that the opset of the model does
 *   not have
 */
function requireKnown(nodes: readonly NodeProto[], opset: number): void {
  for (const node of nodes) {
    if (isStandardDomain(node.domain) && !((operatorSince(node.opType) ?? Infinity) <= opset)) {
      const label = quoteName(node.name || (node.output[0] ?? ""));
      const message =
        `node ${label}: operator ${quoteName(node.opType)} is not known in opset ${opset}, so ` +
        "it cannot be raised";
      throw new UnsupportedError(node.name || (node.output[0] ?? ""), message);
    }
    for (const graph of subgraphs(node)) requireKnown(graph.node, opset);
  }
}

/** What a graph and the body of a function have in common. */
type Body = Pick<GraphProto, "node" | "valueInfo"> & Partial<ValueScope>;

/**
 * Takes one graph or function body, and the graphs inside it, from `opset - 1` to `opset`, in
 * place.
 */
function stepBody(
  body: Body,
  opset: number,
  target: number,
  names: ModelNames,
  outer?: ValueFacts,
): void {
  const adapters = adaptersAt(opset);
  if (adapters === undefined) return;
  const facts = new ValueFacts({ initializer: [], input: [], output: [], ...body }, outer);
  const dropped = new Set<string>();
  body.node = body.node.flatMap((node) => {
    for (const graph of subgraphs(node)) stepBody(graph, opset, target, names, facts);
    const adapter = isStandardDomain(node.domain) ? adapters.get(node.opType) : undefined;
    if (adapter === undefined) return [node];
    const site = new AdapterSite(node, opset, target, facts, names);
    const outputs = node.output;
    adapter(site);
    if (node.output !== outputs) {
      const kept = new Set(node.output);
      for (const name of outputs) if (!kept.has(name)) dropped.add(name);
    }
    return [...site.before, node];
  });
  if (dropped.size > 0) body.valueInfo = body.valueInfo.filter(({ name }) => !dropped.has(name));
}

/**
 * A model that means the same at a higher opset of the default domain. Works on the differences
 * between the operator versions of the ONNX specification (docs/Changelog.md); nodes of other
 * domains stay as they are, and so do weights, whose bytes the result shares with the input. The IR
 * version rises to the one released with the opset. New names end in `_opset` and the version that
 * asked for them. Subgraphs and model-local functions are raised too.
 *
 * @param model opset 7 to 26; it is not changed
 * @param target 8 to 26; a model that is there already is returned itself
 * @throws InvalidArgumentError when `target` is not a whole number or above 26
 * @throws UnsupportedError naming node, operator and version where nothing at the new opset means
 *   the same
 * @throws InvalidModelError when the model has no graph or no single version of the default domain
 */
export function raiseOpset(model: ModelProto, target: number): ModelProto {
  if (!Number.isInteger(target) || target < 1 || target > NEWEST_OPSET) {
    const message = `target is ${target}; it must be a whole number from 1 to ${NEWEST_OPSET}`;
    throw new InvalidArgumentError("target", message);
  }
  const opset = defaultOpset(model.opsetImport);
  if (opset === undefined)
    throw new InvalidModelError(
      "opset_import",
      "the model imports no version of the default ONNX domain",
    );
  if (target <= opset) return model;
  if (model.graph === undefined) throw new InvalidModelError("graph", "the model holds no graph");
  if (opset < OLDEST_OPSET) {
    const message =
      `the model uses opset ${opset}; opset ${OLDEST_OPSET} and later can be raised to ` +
      `${target}. Export it again at a later opset`;
    throw new UnsupportedError("opset_import", message);
  }
  if (model.trainingInfo.length > 0)
    throw new UnsupportedError(
      "training_info",
      "a model with training graphs cannot be raised; export it for inference",
    );

  const names = new ModelNames(model);
  const raised = copyMessage(model);
  raised.opsetImport = withDefaultOpset(model.opsetImport, target);
  const ir = IR_OF_OPSET.find(([since]) => target >= since)![1];
  if (raised.irVersion < ir) raised.irVersion = ir;

  const graph = copyGraph(model.graph);
  raised.graph = graph;
  requireKnown(graph.node, opset);
  for (let version = opset + 1; version <= target; version++)
    stepBody(graph, version, target, names);

  raised.functions = model.functions.map((fn) => {
    const from = defaultOpset(fn.opsetImport) ?? target;
    if (from >= target) return fn;
    const copy = copyMessage(fn);
    copy.opsetImport = withDefaultOpset(fn.opsetImport, target);
    copy.node = fn.node.map(copyNode);
    requireKnown(copy.node, from);
    // A function's inputs are names without types.
    const body: Body = { node: copy.node, valueInfo: fn.valueInfo };
    for (let version = from + 1; version <= target; version++)
      stepBody(body, version, target, names);
    Object.assign(copy, body);
    return copy;
  });
  return raised;
}
