import type { ActivationFormats } from "../../../deploy/activation-formats.js";
import {
  type DeploymentPlan,
  type PlannedTensor,
  plannedActivations,
} from "../../../deploy/deployment-plan.js";
import { planDeployment } from "../../../deploy/plan-deployment.js";
import { LayerQuantizer, type QuantizedWeights } from "../../../deploy/quantize-layer.js";
import type { FloatType } from "../../../deploy/storage.js";
import { configOf, layerSizeBytes } from "../../../evaluation/genome-size.js";
import type { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../../genome/quantization-genome.js";
import type { OnnxModel } from "../read/onnx-model.js";
import type { ModelProto } from "../wire/onnx_pb.js";
import { placementOf } from "./place-tensors.js";
import { ONNX_WIDTHS } from "./storage-type.js";
import { type WrittenPlan, writePlan } from "./write-plan.js";

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
  /**
   * Why the layer is not faster than in float, or less fast than it could be; absent where the
   * runtime has its best kernel.
   */
  readonly note?: string;
}

/** A quantized model that is not encoded yet. */
export interface QuantizedModel {
  readonly proto: ModelProto;
  readonly layers: readonly QuantizedLayer[];
}

/** One for each model, shared by everything that quantizes it. */
const quantizers = new WeakMap<OnnxModel, LayerQuantizer>();

/** What remembers the quantized weights of a model. */
export function quantizerOf(model: OnnxModel): LayerQuantizer {
  let quantizer = quantizers.get(model);
  if (quantizer === undefined) {
    quantizer = new LayerQuantizer(ONNX_WIDTHS.weights);
    quantizers.set(model, quantizer);
  }
  return quantizer;
}

/**
 * The model as a genome says, see {@link writePlan}.
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
  const quantizer = quantizerOf(model);
  const plan = planDeployment(model, placementOf(model), genome, { quantizer, ranges, ready });
  const { proto, weights } = writePlan(model, plan);
  return { proto, layers: describeLayers(model, genome, plan, weights) };
}

const FLOAT_BYTES: Readonly<Record<FloatType, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
};

function describeLayers(
  model: OnnxModel,
  genome: QuantizationGenome,
  plan: DeploymentPlan,
  stored: WrittenPlan["weights"],
): QuantizedLayer[] {
  const weights = plan.filter(({ role }) => role === "weight");
  const read = new Map<string, PlannedTensor["parameters"]>();
  const key = (layer: string, tensor: string) => JSON.stringify([layer, tensor]);
  for (const { tensor, parameters, readers } of plannedActivations(plan))
    for (const { layer } of readers) read.set(key(layer, tensor), parameters);
  const firstTensors = new Map<string, string>();
  for (const { layer, tensor } of placementOf(model).activations)
    if (!firstTensors.has(layer)) firstTensors.set(layer, tensor);
  return model.layers.map((layer, i) => {
    const { tensor, parameters, storage } = weights[i]!;
    const config = configOf(genome, layer);
    const note = stored.get(tensor)?.note;
    const first = read.get(key(layer.name, firstTensors.get(layer.name) ?? ""));
    return {
      layer: layer.name,
      config,
      sizeBytes: layerSizeBytes(layer, config),
      storedBytes:
        stored.get(tensor)?.bytes ?? layer.parameterCount * FLOAT_BYTES[storage.floatType!],
      ...(parameters && {
        weight: { scale: parameters.scale, zeroPoint: parameters.zeroPoint },
      }),
      ...(note !== undefined && { note }),
      ...(first && { activation: { scale: first.scale[0]!, zeroPoint: first.zeroPoint[0]! } }),
    };
  });
}
