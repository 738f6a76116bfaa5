import { describeValue } from "../../../check/describe-value.js";
import type { ActivationFormats } from "../../../deploy/activation-formats.js";
import {
  type DeploymentPlan,
  type PlannedTensor,
  plannedActivations,
} from "../../../deploy/deployment-plan.js";
import { planDeployment } from "../../../deploy/plan-deployment.js";
import { LayerQuantizer, type QuantizedWeights } from "../../../deploy/quantize-layer.js";
import type { FloatType } from "../../../deploy/storage.js";
import { InvalidArgumentError } from "../../../errors.js";
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

/** How weights are quantized, whatever the genome. */
export interface WeightOptions {
  /**
   * The file is for x86 processors without VNNI (before about 2019), which add up two products of 8
   * bits in 16 bits that may overflow. Signed 8-bit weights beside 8-bit activations then stay
   * within -64 to 63, where no sum can. Costs up to 6 dB of those weights. Default false.
   */
  readonly avoidSaturation?: boolean | undefined;
  /**
   * The bias of a layer takes up how far rounding its weights moves the mean of its output over
   * calibration data, see {@link meanOutputShift}. It costs nothing at run time. A convolution, and
   * a Gemm, without a bias gets one. Default true; needs calibration data.
   */
  readonly correctBiases?: boolean | undefined;
}

/** Names of {@link WeightOptions}. */
const WEIGHT_OPTIONS = ["avoidSaturation", "correctBiases"] as const;

/** @throws InvalidArgumentError when an option is neither true nor false */
export function checkWeightOptions(options: WeightOptions): void {
  for (const name of WEIGHT_OPTIONS) {
    const value: unknown = options[name];
    if (value !== undefined && typeof value !== "boolean")
      throw new InvalidArgumentError(
        name,
        `${name} is ${describeValue(value)}; allowed: true, false`,
      );
  }
}

/** Only {@link WeightOptions}, of options that have others too. */
export function weightOptionsOf({ avoidSaturation, correctBiases }: WeightOptions): WeightOptions {
  return { avoidSaturation, correctBiases };
}

/** Two for each model, shared by everything that quantizes it. */
const quantizers = {
  plain: new WeakMap<OnnxModel, LayerQuantizer>(),
  reduced: new WeakMap<OnnxModel, LayerQuantizer>(),
};

/** What remembers the quantized weights of a model. */
export function quantizerOf(
  model: OnnxModel,
  { avoidSaturation = false }: WeightOptions = {},
): LayerQuantizer {
  const known = avoidSaturation ? quantizers.reduced : quantizers.plain;
  let quantizer = known.get(model);
  if (quantizer === undefined) {
    quantizer = new LayerQuantizer(ONNX_WIDTHS.weights, undefined, avoidSaturation);
    known.set(model, quantizer);
  }
  return quantizer;
}

/**
 * The model as a genome says, see {@link writePlan}.
 * @param ranges needed when the genome quantizes activations
 * @param options also has the weights by layer that are quantized already, as the genome says
 * @throws InvalidArgumentError for a genome of another model or missing ranges; UnsupportedError
 *   naming the node when the opset cannot be raised
 */
export function quantizedModel(
  model: OnnxModel,
  genome: QuantizationGenome,
  ranges: ActivationFormats | undefined,
  options: WeightOptions & { readonly ready?: ReadonlyMap<string, QuantizedWeights> } = {},
): QuantizedModel {
  const { ready, correctBiases } = options;
  const quantizer = quantizerOf(model, options);
  const planOptions = { quantizer, ranges, ready, correctBiases };
  const plan = planDeployment(model, placementOf(model), genome, planOptions);
  const { proto, weights } = writePlan(model, plan, options.avoidSaturation);
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
