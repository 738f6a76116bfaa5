import { layerSizeBytes } from "../../../evaluation/genome-size.js";
import type { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../../genome/quantization-genome.js";
import type { ActivationFormats } from "../activations/activation-ranges.js";
import { indexGraph } from "../graph/graph-index.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import { outerNames } from "../graph/outer-names.js";
import { copyMessage } from "../opset/copy-graph.js";
import { ModelNames } from "../opset/model-names.js";
import { raisedModel } from "../opset/raised-model.js";
import type { OnnxModel } from "../read/onnx-model.js";
import type { QuantizedWeights } from "../weights/quantize-layer.js";
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  type ModelProto,
  type NodeProto,
} from "../wire/onnx_pb.js";
import { activationNodes, activationOpset } from "./activation-nodes.js";
import {
  checkGenomeLayers,
  firstOutput,
  type LayerPlan,
  type PlannedActivation,
  planLayers,
} from "./plan-layers.js";
import { type GraphPart, weightNodes, weightOpset } from "./weight-nodes.js";

/** What one layer became. */
export interface QuantizedLayer {
  readonly layer: string;
  readonly config: LayerQuantConfig;
  /**
   * Bit-exact bytes of the weights: packed codes at their own width, float32 scales, zero points
   * where there are any.
   */
  readonly sizeBytes: number;
  /**
   * Bytes of the weights in the file: codes in their ONNX container (3 bits in INT4, ternary in
   * INT2), scales, zero points.
   */
  readonly storedBytes: number;
  /** Scales and zero points of the weights; absent for float32 weights. */
  readonly weight?: { readonly scale: Float32Array; readonly zeroPoint: Int32Array };
  /**
   * Scale and zero point of the activation at the layer's first use; absent for a float32
   * activation.
   */
  readonly activation?: { readonly scale: number; readonly zeroPoint: number };
}

/** A quantized model that is not encoded yet. */
export interface QuantizedModel {
  readonly proto: ModelProto;
  readonly layers: readonly QuantizedLayer[];
}

/**
 * The model in QDQ form
 * (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html): each weight
 * tensor W becomes packed integers and a DequantizeLinear whose output is named W, so all that
 * reads W stays as it is; each activation that goes into a layer passes QuantizeLinear and
 * DequantizeLinear. The opset is raised to the least that the formats need.
 * @param ranges needed when the genome quantizes activations
 * @param ready weights by layer that are quantized already, as the genome says
 * @throws InvalidArgumentError for a genome of another model or missing ranges; UnsupportedError
 *   naming the node when the opset cannot be raised
 */
export function quantizedModel(
  model: OnnxModel,
  genome: QuantizationGenome,
  ranges: ActivationFormats | undefined,
  ready?: ReadonlyMap<string, QuantizedWeights>,
): QuantizedModel {
  checkGenomeLayers(model, genome);
  const plans = planLayers(model, genome, ranges, ready);
  const opset = Math.max(
    0,
    ...plans.flatMap(({ weights, shielded, activations }) => [
      weights === undefined ? 0 : weightOpset(weights, shielded),
      ...activations.map(({ format }) => activationOpset(format)),
    ]),
  );
  const { proto, storedBytes } = rewrite(raisedModel(model.proto, opset), plans);
  return {
    proto,
    layers: plans.map((plan) => describe(plan, storedBytes.get(plan.binding.weight))),
  };
}

/**
 * The least IR version that knows the element types of an opset; 4 lets initializers stand outside
 * the inputs.
 */
function irVersionOf(opset: number): bigint {
  return opset >= 25 ? 13n : opset >= 21 ? 10n : opset >= 19 ? 9n : 4n;
}

function rewrite(
  base: ModelProto,
  plans: readonly LayerPlan[],
): { proto: ModelProto; storedBytes: ReadonlyMap<string, number> } {
  const proto = copyMessage(base);
  const graph = copyMessage(base.graph!);
  proto.graph = graph;
  const names = new ModelNames(base);
  const replaced = new Set<string>();
  const storedBytes = new Map<string, number>();
  const initializers = [...graph.initializer];
  const front: NodeProto[] = [];
  for (const { binding, spec, stored, weights, shielded } of plans) {
    if (weights === undefined) continue;
    const part = weightNodes(stored, spec.weightLayout!, weights, shielded, names);
    replaced.add(binding.weight);
    initializers.push(...part.initializers);
    front.push(...part.nodes);
    storedBytes.set(
      binding.weight,
      part.initializers.reduce((bytes, tensor) => bytes + tensor.rawData.length, 0),
    );
  }
  const wanted = new Map<string, PlannedActivation[]>();
  for (const { activations } of plans)
    for (const planned of activations) {
      const list = wanted.get(planned.nodeOutput);
      if (list === undefined) wanted.set(planned.nodeOutput, [planned]);
      else list.push(planned);
    }
  const made = new Map<string, GraphPart & { readonly output: string }>();
  const body = graph.node.flatMap((node): NodeProto[] => {
    const output = firstOutput(node);
    if (node.opType === "Constant" && replaced.has(output)) return [];
    const planned = wanted.get(output);
    if (planned === undefined) return [node];
    const copy = copyMessage(node);
    copy.input = [...node.input];
    const before: NodeProto[] = [];
    for (const { key, tensor, format, floatWeights, input } of planned) {
      let part = made.get(key);
      if (part === undefined) {
        part = activationNodes(tensor, format, floatWeights, names);
        made.set(key, part);
        initializers.push(...part.initializers);
        before.push(...part.nodes);
      }
      copy.input[input] = part.output;
    }
    return [...before, copy];
  });
  graph.node = [...front, ...body];
  graph.input = graph.input.filter(({ name }) => !replaced.has(name));
  const read = readNames(graph);
  const kept = new Set(graph.input.map(({ name }) => name));
  graph.initializer = initializers.filter(
    ({ name }) => !replaced.has(name) && (read.has(name) || kept.has(name)),
  );
  const least = irVersionOf(opsetOf(proto));
  if (proto.irVersion < least) proto.irVersion = least;
  // Names defined twice, or read and not defined, are found here and not by the user's runtime.
  indexGraph(graph);
  return { proto, storedBytes };
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

function describe(plan: LayerPlan, packedBytes: number | undefined): QuantizedLayer {
  const { spec, config, weights, activations, stored } = plan;
  const first = activations[0]?.format.params;
  const floatBytes =
    spec.parameterCount *
    (stored.dataType === DataType.FLOAT ? 4 : stored.dataType === DataType.DOUBLE ? 8 : 2);
  return {
    layer: spec.name,
    config,
    sizeBytes: layerSizeBytes(spec, config),
    storedBytes: packedBytes ?? floatBytes,
    ...(weights && {
      weight: { scale: weights.params.scale, zeroPoint: weights.params.zeroPoint },
    }),
    ...(first && { activation: { scale: first.scale[0]!, zeroPoint: first.zeroPoint[0]! } }),
  };
}
