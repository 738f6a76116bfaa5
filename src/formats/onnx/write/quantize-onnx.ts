import { checkGenomeLayers } from "../../../deploy/check-genome-layers.js";
import { needsRanges } from "../../../deploy/plan-activations.js";
import type { QuantizedWeights } from "../../../deploy/quantize-layer.js";
import { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import { checkGenome, type QuantizationGenome } from "../../../genome/quantization-genome.js";
import type { Batch } from "../../../measure/batches/tensor-data.js";
import type { ThreadOptions } from "../../../measure/threads/thread-pool.js";
import { longTasksInThreads, weightTasks } from "../../../measure/threads/weight-tasks.js";
import { checkModel, checkOptions } from "../check-arguments.js";
import type { OnnxModel } from "../read/onnx-model.js";
import {
  type CalibrateActivationsOptions,
  calibrateActivations,
} from "../session/calibrate-activations.js";
import { runtimeChoice } from "../session/import-runtime.js";
import { encodeModel } from "../wire/encode-model.js";
import type { ActivationRanges } from "./activation-ranges.js";
import { placementOf } from "./place-tensors.js";
import {
  checkWeightOptions,
  type QuantizedLayer,
  quantizedModel,
  quantizerOf,
  type WeightOptions,
  weightOptionsOf,
} from "./quantized-model.js";
import { ONNX_WIDTHS } from "./storage-type.js";

/**
 * Where the ranges of activations come from; neither is needed when all activations stay in
 * float32.
 */
export interface QuantizeOnnxOptions
  extends CalibrateActivationsOptions,
    ThreadOptions,
    WeightOptions {
  /** Batches to run the float model on. */
  readonly calibration?: readonly Batch[] | undefined;
  /** Ranges that {@link calibrateActivations} found before; `calibration` is not read then. */
  readonly activationRanges?: ActivationRanges | undefined;
}

/** A quantized model, and what it is made of. */
export interface QuantizedOnnx {
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** In model order. */
  readonly layers: readonly QuantizedLayer[];
  /** Bit-exact bytes of all layers' weights: what compression figures count. */
  readonly sizeBytes: number;
  /**
   * Bytes of all layers' weights in the file, at the widths that ONNX has. The rest of `bytes` is
   * graph, biases and norms.
   */
  readonly storedBytes: number;
}

/**
 * {@link quantizeOnnx} with a report: sizes, scales and zero points of each layer. Throws as that
 * does.
 */
export async function quantizeOnnxWithReport(
  model: OnnxModel,
  genome: QuantizationGenome,
  options: QuantizeOnnxOptions = {},
): Promise<QuantizedOnnx> {
  checkModel(model);
  checkGenome(genome, "genome");
  checkOptions(options, [
    "calibration",
    "activationRanges",
    "avoidSaturation",
    "correctBiases",
    "runtime",
    "importRuntime",
    "signal",
    "threads",
  ]);
  checkWeightOptions(options);
  checkGenomeLayers(model, genome);
  const placement = placementOf(model);
  let ranges = options.activationRanges;
  const reads = needsRanges(placement, genome) || options.correctBiases !== false;
  if (ranges === undefined && options.calibration !== undefined && reads)
    ranges = await calibrateActivations(model, options.calibration, {
      ...runtimeChoice(options),
      signal: options.signal,
    });
  const { avoidSaturation } = options;
  const quantizer = quantizerOf(model, options);
  const unknown = weightTasks(model, placement, genome, ONNX_WIDTHS.weights)
    .filter(
      ({ layer, config, method, float16 }) =>
        !quantizer.knows(layer, LayerQuantConfig.fromDict(config), method, float16),
    )
    .map((task) => ({ ...task, avoidSaturation }));
  const ready = await longTasksInThreads<QuantizedWeights>("quantize", unknown, options);
  const { proto, layers } = quantizedModel(model, genome, ranges, {
    ...weightOptionsOf(options),
    ready,
  });
  return {
    bytes: encodeModel(proto),
    layers,
    sizeBytes: layers.reduce((sum, layer) => sum + layer.sizeBytes, 0),
    storedBytes: layers.reduce((sum, layer) => sum + layer.storedBytes, 0),
  };
}

/**
 * Writes the model as the genome says, in QDQ form: weights stored in the narrowest ONNX integer
 * type that holds them (INT2, INT4, INT8, INT16), activations quantized with calibrated ranges.
 * Equal arguments give equal bytes. The evaluator of `createOnnxEvaluator` measures exactly these
 * bytes.
 * @returns the bytes of an ONNX file that ONNX Runtime runs without this library
 * @throws InvalidArgumentError for what is no model, genome or known option, when the genome is
 *   another model's, or quantizes activations and neither `calibration` nor `activationRanges` is
 *   given; UnsupportedError naming the node whose operator the needed opset no longer has; what
 *   {@link calibrateActivations} throws
 * @example
 * ```ts fragment
 * import { writeFile } from "node:fs/promises";
 * import { quantizeOnnx } from "quantevo/onnx";
 *
 * const bytes = await quantizeOnnx(model, genome, { calibration: batches });
 * await writeFile("model.quantized.onnx", bytes);
 * ```
 */
export async function quantizeOnnx(
  model: OnnxModel,
  genome: QuantizationGenome,
  options: QuantizeOnnxOptions = {},
): Promise<Uint8Array> {
  return (await quantizeOnnxWithReport(model, genome, options)).bytes;
}
