import { describeValue } from "../../../check/describe-value.js";
import { checkGenomeLayers } from "../../../deploy/check-genome-layers.js";
import { needsRanges } from "../../../deploy/plan-activations.js";
import type { QuantizedWeights } from "../../../deploy/quantize-layer.js";
import { InvalidArgumentError, InvalidDataError } from "../../../errors.js";
import { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import { checkGenome, type QuantizationGenome } from "../../../genome/quantization-genome.js";
import { checkBatches } from "../../../measure/batches/check-batches.js";
import type { Batch } from "../../../measure/batches/tensor-data.js";
import type { ThreadOptions } from "../../../measure/threads/thread-pool.js";
import { longTasksInThreads, weightTasks } from "../../../measure/threads/weight-tasks.js";
import { checkModel, checkOptions } from "../check-arguments.js";
import { isFileName } from "../external/external-place.js";
import {
  DEFAULT_LOCATION,
  type ExternalData,
  type ModelFiles,
  modelFiles,
} from "../external/model-files.js";
import type { OnnxModel } from "../read/onnx-model.js";
import {
  type CalibrateActivationsOptions,
  calibrateActivations,
} from "../session/calibrate-activations.js";
import { runtimeChoice } from "../session/import-runtime.js";
import { modelInputs } from "../session/runtime-types.js";
import { encodeModel } from "../wire/encode-model.js";
import type { ModelProto } from "../wire/onnx_pb.js";
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
  /**
   * A second file for the large tensors. A text is its name, true the usual one, false none at all:
   * then a result above 2 GiB is refused. Default: from 1.5 GB on, which `quantizeOnnx` has no way
   * to give.
   */
  readonly externalData?: boolean | string | undefined;
}

/** A quantized model, and what it is made of. */
export interface QuantizedOnnx {
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** The file that belongs beside it; absent where everything is in the ONNX file. */
  readonly externalData?: ExternalData;
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
export function quantizeOnnxWithReport(
  model: OnnxModel,
  genome: QuantizationGenome,
  options: QuantizeOnnxOptions = {},
): Promise<QuantizedOnnx> {
  return quantizeAs(model, genome, options, DEFAULT_LOCATION);
}

/**
 * {@link quantizeOnnxWithReport} with the name that a second file has unless `options` give one;
 * undefined: there is to be none.
 */
export async function quantizeAs(
  model: OnnxModel,
  genome: QuantizationGenome,
  options: QuantizeOnnxOptions,
  usualName: string | undefined,
): Promise<QuantizedOnnx> {
  checkModel(model);
  checkGenome(genome, "genome");
  checkOptions(options, [
    "calibration",
    "activationRanges",
    "avoidSaturation",
    "correctBiases",
    "externalData",
    "runtime",
    "importRuntime",
    "signal",
    "threads",
  ]);
  checkWeightOptions(options);
  const { externalData } = options;
  checkExternalData(externalData);
  if (usualName === undefined && externalData)
    throw new InvalidArgumentError(
      "externalData",
      `externalData is ${describeValue(externalData)}, and quantizeOnnx gives one file; ` +
        "allowed: false, or quantizeOnnxWithReport or writeQuantizedOnnx, which give two",
    );
  checkGenomeLayers(model, genome);
  const placement = placementOf(model);
  const ranges =
    options.activationRanges ?? (await calibrated(model, needsRanges(placement, genome), options));
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
    ...(usualName === undefined
      ? { bytes: encodeModel(proto) }
      : filesOf(proto, externalData, usualName)),
    layers,
    sizeBytes: layers.reduce((sum, layer) => sum + layer.sizeBytes, 0),
    storedBytes: layers.reduce((sum, layer) => sum + layer.storedBytes, 0),
  };
}

function filesOf(
  proto: ModelProto,
  wanted: QuantizeOnnxOptions["externalData"],
  usualName: string,
): ModelFiles {
  return typeof wanted === "string"
    ? modelFiles(proto, wanted, true)
    : modelFiles(proto, usualName, wanted);
}

/**
 * @throws InvalidArgumentError unless it is undefined, true, false or the name of a file in no
 *   other folder
 */
function checkExternalData(value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  if (typeof value === "string" && isFileName(value)) return;
  throw new InvalidArgumentError(
    "externalData",
    `externalData is ${describeValue(value)}; allowed: true, false, or the name of a file`,
  );
}

/**
 * What calibration data show, where something reads it. Weights alone are quantized without, where
 * the model gives NaN: only the correction of biases would have read it.
 */
async function calibrated(
  model: OnnxModel,
  needed: boolean,
  options: QuantizeOnnxOptions,
): Promise<ActivationRanges | undefined> {
  const { calibration, correctBiases, signal } = options;
  if (calibration === undefined || (!needed && correctBiases === false)) return undefined;
  checkBatches(modelInputs(model), calibration, "calibration");
  try {
    return await calibrateActivations(model, calibration, { ...runtimeChoice(options), signal });
  } catch (error) {
    if (needed || !(error instanceof InvalidDataError)) throw error;
    return undefined;
  }
}

/**
 * Writes the model as the genome says, in QDQ form: weights stored in the narrowest ONNX integer
 * type that holds them (INT2, INT4, INT8, INT16), activations quantized with calibrated ranges.
 * Equal arguments give equal bytes. The evaluator of `createOnnxEvaluator` measures exactly these
 * bytes.
 * @returns the bytes of an ONNX file that ONNX Runtime runs without this library
 * @throws InvalidArgumentError for what is no model, genome or known option, when the genome is
 *   another model's, or quantizes activations and neither `calibration` nor `activationRanges` is
 *   given; UnsupportedError naming the node whose operator the needed opset no longer has;
 *   InvalidModelError for a result above 2 GiB, which `writeQuantizedOnnx` writes; what
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
  return (await quantizeAs(model, genome, options, undefined)).bytes;
}
