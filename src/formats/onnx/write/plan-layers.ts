import { InvalidArgumentError } from "../../../errors.js";
import { configOf } from "../../../evaluation/genome-size.js";
import { activationKey } from "../../../genome/genome-key.js";
import type { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../../genome/quantization-genome.js";
import type { LayerSpec } from "../../../model/layer-spec.js";
import type { ActivationFormat, ActivationFormats } from "../activations/activation-ranges.js";
import { constantTensor } from "../graph/constant-tensor.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import { quoteName, tensorDims } from "../graph/tensor-values.js";
import type { LayerBinding, OnnxModel } from "../read/onnx-model.js";
import { LayerQuantizer, type QuantizedWeights } from "../weights/quantize-layer.js";
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  type NodeProto,
} from "../wire/onnx_pb.js";
import { needsShield, type StoredWeight } from "./weight-nodes.js";

/** What is to be done with one layer. */
export interface LayerPlan {
  readonly binding: LayerBinding;
  readonly spec: LayerSpec;
  readonly config: LayerQuantConfig;
  readonly stored: StoredWeight;
  readonly weights: QuantizedWeights | undefined;
  /** See {@link needsShield}. */
  readonly shielded: boolean;
  readonly activations: readonly PlannedActivation[];
}

/** An activation that is quantized at one use. */
export interface PlannedActivation {
  /** First output of the node, which names it at every opset. */
  readonly nodeOutput: string;
  readonly input: number;
  readonly tensor: string;
  readonly floatWeights: boolean;
  /** Uses of one tensor in one format share its QuantizeLinear. */
  readonly key: string;
  readonly format: ActivationFormat;
}

/** One for each model, shared by everything that quantizes it. */
const quantizers = new WeakMap<OnnxModel, LayerQuantizer>();

/** What remembers the quantized weights of a model. */
export function quantizerOf(model: OnnxModel): LayerQuantizer {
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
        `the model has no layer ${quoteName(name)}; allowed: its ${known.size} layers, see ` +
          "model.layers",
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
 * Quantizes the weights of all layers and looks up the formats of their activations.
 * @param ready weights by layer that are quantized already, as the genome says
 * @throws InvalidArgumentError when `ranges` is missing and needed, or is another model's
 */
export function planLayers(
  model: OnnxModel,
  genome: QuantizationGenome,
  ranges: ActivationFormats | undefined,
  ready?: ReadonlyMap<string, QuantizedWeights>,
): LayerPlan[] {
  const graph = model.proto.graph!;
  const specs = new Map(model.layers.map((layer) => [layer.name, layer]));
  const stored = storedWeights(graph);
  return model.bindings.map((binding) => {
    const spec = specs.get(binding.layer)!;
    const config = configOf(genome, spec);
    const method = genome.calibrationMethodOf(spec.name);
    const weight = stored.get(binding.weight)!;
    const activations = binding.uses.flatMap(
      ({ node: at, activationInput }): PlannedActivation[] => {
        if (config.activationBits === 32 || activationInput < 0) return [];
        if (ranges === undefined)
          throw new InvalidArgumentError(
            "calibration",
            "calibration is missing, and the genome quantizes activations; allowed: " +
              "calibration batches, activationRanges, or activationBits 32 everywhere",
          );
        const node = graph.node[at]!;
        const tensor = node.input[activationInput]!;
        return [
          {
            nodeOutput: firstOutput(node),
            input: activationInput,
            tensor,
            key: `${config.weightBits === 32} ${activationKey(config, method)} ${tensor}`,
            floatWeights: config.weightBits === 32,
            format: ranges.format(tensor, config, method),
          },
        ];
      },
    );
    const weights =
      config.weightBits === 32
        ? undefined
        : (ready?.get(spec.name) ??
          quantizerOf(model).quantize(spec, config, method, weight.dataType === DataType.FLOAT16));
    const widths = activations.map(({ format }) => format.params.bits);
    const shielded = weights !== undefined && needsShield(weights, binding.uses, widths);
    return { binding, spec, config, stored: weight, weights, shielded, activations };
  });
}

/** The first output of a node that has a name. */
export function firstOutput(node: NodeProto): string {
  return node.output.find((name) => name !== "") ?? "";
}

/** All tensors that the graph stores, by name. */
export function storedWeights(graph: GraphProto): Map<string, StoredWeight> {
  const stored = new Map<string, StoredWeight>();
  for (const node of graph.node) {
    if (node.opType !== "Constant" || !isStandardDomain(node.domain)) continue;
    const tensor = constantTensor(node);
    const name = firstOutput(node);
    if (tensor !== undefined)
      stored.set(name, { name, dims: tensorDims(tensor, name), dataType: tensor.dataType });
  }
  for (const tensor of graph.initializer)
    stored.set(tensor.name, {
      name: tensor.name,
      dims: tensorDims(tensor),
      dataType: tensor.dataType,
    });
  return stored;
}
