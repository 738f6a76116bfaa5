import { InvalidArgumentError } from "../errors.js";
import { configOf, layerSizeBytes } from "../evaluation/genome-size.js";
import { activationKey } from "../genome/genome-key.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { LayerSpec } from "../model/layer-spec.js";
import { activationNodes, activationOpset } from "./activation-nodes.js";
import type { ActivationFormat, ActivationRanges } from "./activation-ranges.js";
import { constantTensor } from "./constant-tensor.js";
import { indexGraph } from "./graph-index.js";
import { isStandardDomain } from "./node-attributes.js";
import type { LayerBinding, OnnxModel } from "./onnx-model.js";
import { copyMessage } from "./opset/copy-graph.js";
import { ModelNames } from "./opset/model-names.js";
import { outerNames } from "./outer-names.js";
import { LayerQuantizer, type QuantizedWeights } from "./quantize-layer.js";
import { raisedModel } from "./raised-model.js";
import { quoteName, tensorDims } from "./tensor-values.js";
import { type GraphPart, type StoredWeight, weightNodes, weightOpset } from "./weight-nodes.js";
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  type ModelProto,
  type NodeProto,
} from "./wire/onnx_pb.js";

/** What one layer became. */
export interface QuantizedLayer {
  readonly layer: string;
  readonly config: LayerQuantConfig;
  /** Bit-exact bytes of the weights: packed codes at their own width, float32 scales, zero points where there are any. */
  readonly sizeBytes: number;
  /** Bytes of the weights in the file: codes in their ONNX container (3 bits in INT4, ternary in INT2), scales, zero points. */
  readonly storedBytes: number;
  /** Scales and zero points of the weights; absent for float32 weights. */
  readonly weight?: { readonly scale: Float32Array; readonly zeroPoint: Int32Array };
  /** Scale and zero point of the activation at the layer's first use; absent for a float32 activation. */
  readonly activation?: { readonly scale: number; readonly zeroPoint: number };
}

/** A quantized model that is not encoded yet. */
export interface QuantizedModel {
  readonly proto: ModelProto;
  readonly layers: readonly QuantizedLayer[];
}

/** What is to be done with one layer. */
interface LayerPlan {
  readonly binding: LayerBinding;
  readonly spec: LayerSpec;
  readonly config: LayerQuantConfig;
  readonly stored: StoredWeight;
  readonly weights: QuantizedWeights | undefined;
  readonly activations: readonly PlannedActivation[];
}

interface PlannedActivation {
  /** First output of the node, which names it at every opset. */
  readonly nodeOutput: string;
  readonly input: number;
  readonly tensor: string;
  /** Uses of one tensor in one format share its QuantizeLinear. */
  readonly key: string;
  readonly format: ActivationFormat;
}

/** One for each model, shared by everything that quantizes it. */
const quantizers = new WeakMap<OnnxModel, LayerQuantizer>();

function quantizerOf(model: OnnxModel): LayerQuantizer {
  let quantizer = quantizers.get(model);
  if (quantizer === undefined) {
    quantizer = new LayerQuantizer();
    quantizers.set(model, quantizer);
  }
  return quantizer;
}

/**
 * Refuses a genome made for another model.
 * @throws InvalidArgumentError naming a layer that the genome lacks or the model does not have
 */
export function checkGenomeLayers(model: OnnxModel, genome: QuantizationGenome): void {
  const known = new Set(model.layers.map(({ name }) => name));
  for (const name of genome.layerConfigs.keys())
    if (!known.has(name))
      throw new InvalidArgumentError(
        `layerConfigs.${name}`,
        `the model has no layer ${quoteName(name)}; allowed: its ${known.size} layers, see model.layers`,
      );
  for (const layer of model.layers) configOf(genome, layer);
}

/** True when some layer has an activation to quantize, so that ranges are needed. */
export function needsRanges(model: OnnxModel, genome: QuantizationGenome): boolean {
  return model.bindings.some(
    ({ layer, uses }) =>
      genome.layerConfigs.get(layer)?.activationBits !== 32 &&
      uses.some(({ activationInput }) => activationInput >= 0),
  );
}

/**
 * The model in QDQ form (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html): each
 * weight tensor W becomes packed integers and a DequantizeLinear whose output is named W, so all that reads W
 * stays as it is; each activation that goes into a layer passes QuantizeLinear and DequantizeLinear. The opset is
 * raised to the least that the formats need.
 * @param ranges needed when the genome quantizes activations
 * @throws InvalidArgumentError for a genome of another model or missing ranges; UnsupportedError naming the node
 *   when the opset cannot be raised
 */
export function quantizedModel(
  model: OnnxModel,
  genome: QuantizationGenome,
  ranges: ActivationRanges | undefined,
): QuantizedModel {
  checkGenomeLayers(model, genome);
  const plans = planLayers(model, genome, ranges);
  const opset = Math.max(
    0,
    ...plans.flatMap(({ weights, activations }) => [
      weights === undefined ? 0 : weightOpset(weights),
      ...activations.map(({ format }) => activationOpset(format)),
    ]),
  );
  const { proto, storedBytes } = rewrite(raisedModel(model.proto, opset), plans);
  return { proto, layers: plans.map((plan) => describe(plan, storedBytes.get(plan.binding.weight))) };
}

function planLayers(
  model: OnnxModel,
  genome: QuantizationGenome,
  ranges: ActivationRanges | undefined,
): LayerPlan[] {
  const graph = model.proto.graph!;
  const specs = new Map(model.layers.map((layer) => [layer.name, layer]));
  const stored = storedWeights(graph);
  return model.bindings.map((binding) => {
    const spec = specs.get(binding.layer)!;
    const config = configOf(genome, spec);
    const method = genome.calibrationMethodOf(spec.name);
    const weight = stored.get(binding.weight)!;
    const activations = binding.uses.flatMap(({ node: at, activationInput }): PlannedActivation[] => {
      if (config.activationBits === 32 || activationInput < 0) return [];
      if (ranges === undefined)
        throw new InvalidArgumentError(
          "calibration",
          "calibration is missing, and the genome quantizes activations; allowed: calibration batches, activationRanges, or activationBits 32 everywhere",
        );
      const node = graph.node[at]!;
      const tensor = node.input[activationInput]!;
      return [
        {
          nodeOutput: firstOutput(node),
          input: activationInput,
          tensor,
          key: `${activationKey(config, method)} ${tensor}`,
          format: ranges.format(tensor, config, method),
        },
      ];
    });
    const weights =
      config.weightBits === 32
        ? undefined
        : quantizerOf(model).quantize(spec, config, method, weight.dataType === DataType.FLOAT16);
    return { binding, spec, config, stored: weight, weights, activations };
  });
}

function firstOutput(node: NodeProto): string {
  return node.output.find((name) => name !== "") ?? "";
}

function storedWeights(graph: GraphProto): Map<string, StoredWeight> {
  const stored = new Map<string, StoredWeight>();
  for (const node of graph.node) {
    if (node.opType !== "Constant" || !isStandardDomain(node.domain)) continue;
    const tensor = constantTensor(node);
    const name = firstOutput(node);
    if (tensor !== undefined)
      stored.set(name, { name, dims: tensorDims(tensor, name), dataType: tensor.dataType });
  }
  for (const tensor of graph.initializer)
    stored.set(tensor.name, { name: tensor.name, dims: tensorDims(tensor), dataType: tensor.dataType });
  return stored;
}

/** The least IR version that knows the element types of an opset; 4 lets initializers stand outside the inputs. */
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
  for (const { binding, spec, stored, weights } of plans) {
    if (weights === undefined) continue;
    const part = weightNodes(stored, spec.weightLayout!, weights, names);
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
    for (const { key, tensor, format, input } of planned) {
      let part = made.get(key);
      if (part === undefined) {
        part = activationNodes(tensor, format, names);
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
    ...(weights && { weight: { scale: weights.params.scale, zeroPoint: weights.params.zeroPoint } }),
    ...(first && { activation: { scale: first.scale[0]!, zeroPoint: first.zeroPoint[0]! } }),
  };
}
