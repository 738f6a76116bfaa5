import { create } from "@bufbuild/protobuf";
import {
  type CorrectedBias,
  correctedBiases,
  type DeploymentPlan,
  type PlannedActivation,
  type PlannedBias,
  plannedActivations,
  plannedBiases,
} from "../../../deploy/deployment-plan.js";
import type { Reader } from "../../../deploy/placement.js";
import { indexGraph } from "../graph/graph-index.js";
import { makeNode } from "../graph/make-node.js";
import { isStandardDomain, MICROSOFT } from "../graph/node-attributes.js";
import { copyMessage, copyNode } from "../opset/copy-graph.js";
import { ModelNames } from "../opset/model-names.js";
import { raisedModel } from "../opset/raised-model.js";
import type { OnnxModel } from "../read/onnx-model.js";
import {
  type GraphProto,
  type ModelProto,
  type NodeProto,
  OperatorSetIdProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "../wire/onnx_pb.js";
import { activationNodes, activationOpset } from "./activation-nodes.js";
import { compactNames } from "./compact-names.js";
import type { GraphPart } from "./graph-writer.js";
import { placementOf } from "./place-tensors.js";
import { pruneUnread, readNames } from "./prune-unread.js";
import { biasNodes, OperatorRewrites } from "./rewrite-operators.js";
import { scaleTensor } from "./scale-tensors.js";
import { firstOutput, storedTensors } from "./stored-tensors.js";
import { neededShapes, stripTexts } from "./strip-texts.js";
import { type FormedWeight, type WeightForm, weightForms, weightOpset } from "./weight-forms.js";
import { type OperatorRewrite, quantizesInput, weightPart } from "./weight-parts.js";

/** A plan as an ONNX model that is not encoded yet. */
export interface WrittenPlan {
  readonly proto: ModelProto;
  /** Of each weight tensor that is quantized. */
  readonly weights: ReadonlyMap<string, StoredWeight>;
}

/** How the file holds a weight tensor. */
export interface StoredWeight {
  /** Bytes of codes, scales and zero points. */
  readonly bytes: number;
  readonly form: WeightForm;
  /** Why the form has no fast kernel. */
  readonly note?: string | undefined;
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
 * tensor becomes packed integers in the form that ONNX Runtime runs fastest, see
 * {@link weightForms}; each activation passes QuantizeLinear and DequantizeLinear before the
 * operands that read it quantized. The opset is raised to the least that the formats need.
 * @param plan of this model, with codes in the widths of ONNX
 * @param avoidSaturation as of {@link weightForms}
 * @throws UnsupportedError naming the node when the opset cannot be raised
 */
export function writePlan(
  model: OnnxModel,
  plan: DeploymentPlan,
  avoidSaturation = false,
): WrittenPlan {
  const activations = plannedActivations(plan);
  const weights = weightForms(model, plan, avoidSaturation);
  const operands = operandsOf(plan, activations, weights);
  const opset = Math.max(0, ...weights.map(weightOpset), ...activations.map(activationOpset));
  const rounding = new OperatorRewrites(placementOf(model), activations);
  const changes = {
    weights,
    operands,
    rounding,
    biases: plannedBiases(plan),
    corrected: correctedBiases(plan),
  };
  return rewrite(raisedModel(model.proto, opset), model.proto.graph!, changes);
}

/** Everything that changes in a graph. */
interface Changes {
  readonly weights: readonly FormedWeight[];
  readonly operands: Operands;
  readonly rounding: OperatorRewrites;
  readonly biases: readonly PlannedBias[];
  readonly corrected: readonly CorrectedBias[];
}

/** The operands that are quantized before an operator, which does not do it by itself. */
function operandsOf(
  plan: DeploymentPlan,
  activations: readonly PlannedActivation[],
  weights: readonly FormedWeight[],
): Operands {
  const floatLayers = new Set([
    ...plan.flatMap((entry) =>
      entry.role === "weight" && entry.format === "float" ? [entry.layer] : [],
    ),
    ...weights.flatMap(({ weight, form }) => (form === "float" ? [weight.layer] : [])),
  ]);
  const dynamic = new Set(
    weights.flatMap((formed) =>
      quantizesInput(formed) ? formed.uses.map(({ operator }) => operator) : [],
    ),
  );
  const operands = new Map<string, Operand[]>();
  for (const activation of activations)
    for (const { operator, input, layer } of activation.readers) {
      if (dynamic.has(operator) || activation.everywhere === true) continue;
      const operand = { input, activation, floatWeights: floatLayers.has(layer) };
      const known = operands.get(operator);
      if (known === undefined) operands.set(operator, [operand]);
      else known.push(operand);
    }
  return operands;
}

/**
 * The least IR version that knows the element types of an opset; 4 lets initializers stand outside
 * the inputs.
 */
function irVersionOf(opset: number): bigint {
  return opset >= 25 ? 13n : opset >= 21 ? 10n : opset >= 19 ? 9n : 4n;
}

function rewrite(base: ModelProto, original: GraphProto, changes: Changes): WrittenPlan {
  const { weights, operands, rounding } = changes;
  const proto = copyMessage(base);
  const graph = copyMessage(base.graph!);
  proto.graph = graph;
  const names = new ModelNames(base);
  const initializers = [...graph.initializer];
  const front: NodeProto[] = [];
  const parts = new Map<string, ReturnType<typeof weightPart>>();
  const rewrites = new Map<string, OperatorRewrite[]>();
  // What only led from the weights to operators that read something else now.
  const between = new Set<string>();
  for (const formed of weights) {
    const { tensor } = formed.weight;
    const part = weightPart(formed, names);
    parts.set(tensor, part);
    initializers.push(...part.initializers);
    front.push(...part.nodes);
    for (const { output } of part.nodes) between.add(output[0]!);
    for (const { seen } of formed.uses) for (const name of seen.chain) between.add(name);
    for (const [operator, change] of part.operators)
      rewrites.set(operator, [...(rewrites.get(operator) ?? []), change]);
  }
  const add = (part: GraphPart): readonly NodeProto[] => {
    initializers.push(...part.initializers);
    return part.nodes;
  };
  const stored = storedTensors(original);
  const makers = new Map(original.node.map((node) => [firstOutput(node), node]));
  const storedBias = ({ operator, input }: Reader) =>
    stored.get(makers.get(operator)!.input[input] ?? "");
  const biases = new Map<string, { readonly input: number; readonly output: string }>();
  for (const bias of changes.biases) {
    const { reader } = bias;
    const part = biasNodes(bias, storedBias(reader)?.dims ?? [bias.codes.length], names);
    front.push(...add(part));
    biases.set(reader.operator, { input: reader.input, output: part.output });
  }
  for (const { values, floatType, reader } of changes.corrected) {
    const dims = storedBias(reader)?.dims ?? [values.length];
    const name = names.fresh(`${reader.operator}_bias`);
    initializers.push(scaleTensor(name, dims, values, floatType === "float16"));
    biases.set(reader.operator, { input: reader.input, output: name });
  }
  for (const name of rounding.inner) between.add(name);
  const quantized = activationWriter(names, rounding);
  const body = graph.node.flatMap((node): NodeProto[] => {
    const output = firstOutput(node);
    if (node.opType === "Constant" && parts.has(output)) return [];
    const planned = operands.get(output);
    const copy = copyNode(node);
    const before: NodeProto[] = [];
    const rounded = new Map<string, string>();
    for (const { input, activation, floatWeights } of planned ?? []) {
      const { part, isNew } = quantized(activation, floatWeights);
      if (isNew) before.push(...add(part));
      rounded.set(activation.tensor, part.output);
      if (copy.input[input] === activation.tensor) copy.input[input] = part.output;
    }
    copy.input.forEach((value, input) => {
      if (!rounding.isolates(output, value)) return;
      copy.input[input] = names.fresh(`${value}_copy`);
      before.push(makeNode("Max", names.fresh(`${value}_Max`), [value], [copy.input[input]]));
    });
    const bias = biases.get(output);
    if (bias !== undefined) {
      while (copy.input.length < bias.input) copy.input.push("");
      copy.input[bias.input] = bias.output;
    }
    const other = rounding.replacement(copy, rounded, names);
    let made: readonly NodeProto[] = other === undefined ? [copy] : add(other);
    // A later change of one operator is made on what the first of them left of it.
    for (const change of rewrites.get(output) ?? []) made = [...change(made[0]!), ...made.slice(1)];
    const after = other?.done === true ? [] : roundedResults(made.at(-1)!, rounding, names, add);
    return [...before, ...made, ...after];
  });
  graph.node = pruneUnread([...front, ...body], graph.output, between);
  importMicrosoft(proto, graph);
  graph.input = graph.input.filter(({ name }) => !parts.has(name));
  const read = readNames(graph);
  const kept = new Set(graph.input.map(({ name }) => name));
  graph.initializer = initializers.filter(
    ({ name }) => !parts.has(name) && (read.has(name) || kept.has(name)),
  );
  const least = irVersionOf(opsetOf(proto));
  if (proto.irVersion < least) proto.irVersion = least;
  // Names defined twice, or read and not defined, are found here and not by the user's runtime.
  indexGraph(graph);
  const forms = weights.map(({ weight: { tensor }, form, note }): [string, StoredWeight] => {
    const tensors = parts.get(tensor)!.initializers.filter(({ name }) => read.has(name));
    const bytes = tensors.reduce((sum, { rawData }) => sum + rawData.length, 0);
    return [tensor, { bytes, form, note }];
  });
  compactNames(graph.node, graph.initializer, (name) => names.isOriginal(name));
  stripTexts(graph.node);
  graph.valueInfo = neededShapes(graph);
  graph.output = graph.output.map(withoutEmptyShape);
  return { proto, weights: new Map(forms) };
}

/**
 * Some exporters declare an unknown shape as one of no dimensions, at which ONNX Runtime Web stops.
 * Without it the runtime infers the shape, that of a real scalar too.
 */
function withoutEmptyShape(output: ValueInfoProto): ValueInfoProto {
  const type = output.type?.value;
  if (type?.case !== "tensorType" || type.value.shape?.dim.length !== 0) return output;
  const { elemType } = type.value;
  const { name, docString, metadataProps } = output;
  return create(ValueInfoProtoSchema, {
    ...{ name, docString, metadataProps },
    type: { value: { case: "tensorType", value: { elemType } } },
  });
}

/** Gives the results of a node that are rounded everywhere their names after rounding. */
function roundedResults(
  node: NodeProto,
  rounding: OperatorRewrites,
  names: ModelNames,
  add: (part: GraphPart) => readonly NodeProto[],
): readonly NodeProto[] {
  return node.output.flatMap((output, at) => {
    const activation = rounding.everywhere.get(output);
    if (activation === undefined) return [];
    const source = names.fresh(`${output}_float`);
    node.output[at] = source;
    return add(activationNodes(activation, false, names, { source, output }));
  });
}

/** Operators that ONNX Runtime adds are of a domain of their own, which a model imports. */
function importMicrosoft(proto: ModelProto, graph: GraphProto): void {
  if (!graph.node.some(({ domain }) => domain === MICROSOFT)) return;
  if (proto.opsetImport.some(({ domain }) => domain === MICROSOFT)) return;
  const imported = create(OperatorSetIdProtoSchema, { domain: MICROSOFT, version: 1n });
  proto.opsetImport = [...proto.opsetImport, imported];
}

/**
 * Makes the nodes of an activation where it is first read: once beside quantized weights, and once
 * beside float ones, where they differ.
 */
function activationWriter(
  names: ModelNames,
  rounding: OperatorRewrites,
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
    const part = activationNodes(activation, floatWeights, names, {
      apart: rounding.needsDistance(activation.tensor),
    });
    made.set(activation, part);
    return { part, isNew: true };
  };
}

function opsetOf(proto: ModelProto): number {
  return Number(proto.opsetImport.find(({ domain }) => isStandardDomain(domain))?.version ?? 0n);
}
