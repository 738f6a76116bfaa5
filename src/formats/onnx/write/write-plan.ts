import { create } from "@bufbuild/protobuf";
import {
  type DeploymentPlan,
  type PlannedActivation,
  type PlannedBias,
  type PlannedWeight,
  plannedActivations,
  plannedBiases,
  plannedWeights,
} from "../../../deploy/deployment-plan.js";
import { indexGraph } from "../graph/graph-index.js";
import { makeNode } from "../graph/make-node.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import { outerNames } from "../graph/outer-names.js";
import { copyMessage } from "../opset/copy-graph.js";
import { ModelNames } from "../opset/model-names.js";
import { raisedModel } from "../opset/raised-model.js";
import type { OnnxModel } from "../read/onnx-model.js";
import {
  type GraphProto,
  type ModelProto,
  type NodeProto,
  OperatorSetIdProtoSchema,
} from "../wire/onnx_pb.js";
import { activationNodes, activationOpset } from "./activation-nodes.js";
import { RUNTIME_DOMAIN } from "./compound-nodes.js";
import { placementOf } from "./place-tensors.js";
import { biasNodes, OperatorRewrites } from "./rewrite-operators.js";
import { firstOutput, storedTensors } from "./stored-tensors.js";
import { type GraphPart, needsFusionBarrier, weightNodes, weightOpset } from "./weight-nodes.js";

/** A plan as an ONNX model that is not encoded yet. */
export interface WrittenPlan {
  readonly proto: ModelProto;
  /** Bytes of codes, scales and zero points of each weight tensor that is quantized. */
  readonly storedBytes: ReadonlyMap<string, number>;
}

/** Weights, and whether a fusion barrier follows them. */
interface BarredWeight {
  readonly weight: PlannedWeight;
  readonly barrier: boolean;
}

/** An activation at one operand. */
interface Operand {
  readonly input: number;
  readonly activation: PlannedActivation;
  readonly floatWeights: boolean;
}

/** The quantized operands of each operator, by its first output. */
type Operands = ReadonlyMap<string, readonly Operand[]>;

/**
 * Writes a plan in QDQ form
 * (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html): each weight
 * tensor W becomes packed integers and a DequantizeLinear whose output is named W, so all that
 * reads W stays as it is; each activation passes QuantizeLinear and DequantizeLinear before the
 * operands that read it quantized. The opset is raised to the least that the formats need.
 * @param plan of this model, with codes in the widths of ONNX
 * @throws UnsupportedError naming the node when the opset cannot be raised
 */
export function writePlan(model: OnnxModel, plan: DeploymentPlan): WrittenPlan {
  const activations = plannedActivations(plan);
  const operands = operandsOf(plan, activations);
  const rewrites = new OperatorRewrites(placementOf(model), activations);
  const weights = barredWeights(model, plannedWeights(plan), operands, rewrites);
  const opset = Math.max(
    0,
    ...weights.map(({ weight, barrier }) => weightOpset(weight, barrier)),
    ...activations.map(activationOpset),
  );
  return rewrite(raisedModel(model.proto, opset), model.proto.graph!, {
    ...{ weights, operands, rewrites, biases: plannedBiases(plan) },
  });
}

/** Everything that changes in a graph. */
interface Changes {
  readonly weights: readonly BarredWeight[];
  readonly operands: Operands;
  readonly rewrites: OperatorRewrites;
  readonly biases: readonly PlannedBias[];
}

function operandsOf(plan: DeploymentPlan, activations: readonly PlannedActivation[]): Operands {
  const floatLayers = new Set(
    plan.flatMap((entry) =>
      entry.role === "weight" && entry.format === "float" ? [entry.layer] : [],
    ),
  );
  const operands = new Map<string, Operand[]>();
  for (const activation of activations)
    for (const { operator, input, layer } of activation.readers) {
      const operand = { input, activation, floatWeights: floatLayers.has(layer) };
      const known = operands.get(operator);
      if (known === undefined) operands.set(operator, [operand]);
      else known.push(operand);
    }
  return operands;
}

function barredWeights(
  { proto, bindings }: OnnxModel,
  weights: readonly PlannedWeight[],
  operands: Operands,
  rewrites: OperatorRewrites,
): BarredWeight[] {
  const uses = new Map(bindings.map((binding) => [binding.weight, binding.uses]));
  const nodes = proto.graph!.node;
  return weights.map((weight) => {
    const own = uses.get(weight.tensor)!;
    const isKernel = own.every(({ node }) => rewrites.isInteger(firstOutput(nodes[node]!)));
    if (isKernel && weight.storage.bits === 8) return { weight, barrier: false };
    const widths = own.flatMap(({ node, activationInput }) =>
      (operands.get(firstOutput(nodes[node]!)) ?? [])
        .filter(({ input }) => input === activationInput)
        .map(({ activation }) => activation.parameters.bits),
    );
    return { weight, barrier: needsFusionBarrier(weight, own, widths) };
  });
}

/**
 * The least IR version that knows the element types of an opset; 4 lets initializers stand outside
 * the inputs.
 */
function irVersionOf(opset: number): bigint {
  return opset >= 25 ? 13n : opset >= 21 ? 10n : opset >= 19 ? 9n : 4n;
}

function rewrite(base: ModelProto, original: GraphProto, changes: Changes): WrittenPlan {
  const { weights, operands, rewrites } = changes;
  const proto = copyMessage(base);
  const graph = copyMessage(base.graph!);
  proto.graph = graph;
  const names = new ModelNames(base);
  const stored = storedTensors(original);
  const storedBytes = new Map<string, number>();
  const initializers = [...graph.initializer];
  const front: NodeProto[] = [];
  for (const { weight, barrier } of weights) {
    const { tensor } = weight;
    const part = weightNodes(weight, stored.get(tensor)!.dims, barrier, names);
    initializers.push(...part.initializers);
    front.push(...part.nodes);
    storedBytes.set(
      tensor,
      part.initializers.reduce((bytes, { rawData }) => bytes + rawData.length, 0),
    );
  }
  const replaced: ReadonlySet<string> = new Set(storedBytes.keys());
  const add = (part: GraphPart): readonly NodeProto[] => {
    initializers.push(...part.initializers);
    return part.nodes;
  };
  const biases = new Map(
    changes.biases.map((bias) => {
      const part = biasNodes(bias, stored.get(bias.tensor)!.dims, names);
      front.push(...add(part));
      return [bias.reader.operator, { input: bias.reader.input, output: part.output }];
    }),
  );
  const quantized = activationWriter(names, rewrites);
  const body = graph.node.flatMap((node): NodeProto[] => {
    const output = firstOutput(node);
    if (node.opType === "Constant" && replaced.has(output)) return [];
    const copy = copyMessage(node);
    copy.input = [...node.input];
    copy.output = [...node.output];
    const before: NodeProto[] = [];
    const rounded = new Map<string, string>();
    for (const { input, activation, floatWeights } of operands.get(output) ?? []) {
      if (activation.everywhere === true) continue;
      const { part, isNew } = quantized(activation, floatWeights);
      if (isNew) before.push(...add(part));
      rounded.set(activation.tensor, part.output);
      if (copy.input[input] === activation.tensor) copy.input[input] = part.output;
    }
    copy.input.forEach((value, input) => {
      if (!rewrites.isolates(output, value)) return;
      const apart = names.fresh(`${value}_copy`);
      before.push(makeNode("Max", names.fresh(`${value}_Max`), [value], [apart]));
      copy.input[input] = apart;
    });
    const bias = biases.get(output);
    if (bias !== undefined) copy.input[bias.input] = bias.output;
    const made = rewrites.replacement(copy, rounded, names);
    const done = made?.done === true;
    const nodes = made === undefined ? [copy] : [...add(made)];
    const last = nodes.at(-1)!;
    const after = last.output.flatMap((value, at): readonly NodeProto[] => {
      const activation = rewrites.everywhere.get(value);
      if (activation === undefined || done) return [];
      const source = names.fresh(`${value}_float`);
      last.output[at] = source;
      return add(activationNodes(activation, false, names, { source, output: value }));
    });
    return [...before, ...nodes, ...after];
  });
  graph.node = usedNodes([...front, ...body], graph, readNames(graph));
  graph.input = graph.input.filter(({ name }) => !replaced.has(name));
  const read = readNames(graph);
  const kept = new Set(graph.input.map(({ name }) => name));
  graph.initializer = initializers.filter(
    ({ name }) => !replaced.has(name) && (read.has(name) || kept.has(name)),
  );
  importRuntimeDomain(proto, graph);
  const least = irVersionOf(opsetOf(proto));
  if (proto.irVersion < least) proto.irVersion = least;
  // Names defined twice, or read and not defined, are found here and not by the user's runtime.
  indexGraph(graph);
  return { proto, storedBytes };
}

/**
 * Makes the nodes of an activation where it is first read: once beside quantized weights, and once
 * beside float ones, where they differ.
 */
function activationWriter(
  names: ModelNames,
  rewrites: OperatorRewrites,
): (
  activation: PlannedActivation,
  floatWeights: boolean,
) => { readonly part: GraphPart & { readonly output: string }; readonly isNew: boolean } {
  type Part = GraphPart & { readonly output: string };
  const beside = [new Map<PlannedActivation, Part>(), new Map<PlannedActivation, Part>()] as const;
  return (activation, floatWeights) => {
    const made = beside[floatWeights ? 1 : 0];
    const known = made.get(activation);
    if (known !== undefined) return { part: known, isNew: false };
    const apart = rewrites.needsDistance(activation.tensor);
    const part = activationNodes(activation, floatWeights, names, { apart });
    made.set(activation, part);
    return { part, isNew: true };
  };
}

/** Without nodes of which nothing is read any more, and was before. */
function usedNodes(
  nodes: readonly NodeProto[],
  graph: GraphProto,
  before: ReadonlySet<string>,
): NodeProto[] {
  const read = new Set(graph.output.map(({ name }) => name));
  const used: NodeProto[] = [];
  for (const node of nodes.toReversed()) {
    if (node.output.every((name) => !read.has(name)) && node.output.some((one) => before.has(one)))
      continue;
    for (const name of node.input) read.add(name);
    for (const name of outerNames(node)) read.add(name);
    used.push(node);
  }
  return used.reverse();
}

/** Operators that ONNX Runtime adds need their domain among the imports. */
function importRuntimeDomain(proto: ModelProto, { node }: GraphProto): void {
  const isNew =
    node.some(({ domain }) => domain === RUNTIME_DOMAIN) &&
    !proto.opsetImport.some(({ domain }) => domain === RUNTIME_DOMAIN);
  if (!isNew) return;
  const domain = create(OperatorSetIdProtoSchema, { domain: RUNTIME_DOMAIN, version: 1n });
  proto.opsetImport = [...proto.opsetImport, domain];
}

function opsetOf(proto: ModelProto): number {
  return Number(proto.opsetImport.find(({ domain }) => isStandardDomain(domain))?.version ?? 0n);
}

function readNames(graph: GraphProto): Set<string> {
  const read = new Set(graph.output.map(({ name }) => name));
  for (const node of graph.node) {
    for (const name of node.input) read.add(name);
    for (const name of outerNames(node)) read.add(name);
  }
  return read;
}
