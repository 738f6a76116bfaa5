import {
  calibrationMethods,
  createObserver,
  type RangeObserver,
} from "../../../calibration/index.js";
import type { CalibrationMethodName } from "../../../calibration/method-definition.js";
import { quoteName } from "../../../check/quote-name.js";
import {
  type ActivationFormats,
  formatKey,
  type ActivationFormat as TensorFormat,
} from "../../../deploy/activation-formats.js";
import { float16Scales } from "../../../deploy/float16-scales.js";
import { codeStorage } from "../../../deploy/storage.js";
import { InvalidArgumentError, UnsupportedError } from "../../../errors.js";
import { activationCalibrationOptions } from "../../../genome/calibration-options.js";
import type { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";
import { floatTypeOf } from "./float-types.js";
import { ONNX_WIDTHS, type StorageType, storageType } from "./storage-type.js";

/** The integer format of an activation. */
export interface ActivationFormat extends TensorFormat {
  /** As wide as the codes, or wider. */
  readonly storage: StorageType;
  /** TensorProto.DataType of the tensor that is quantized. */
  readonly elementType: number;
}

/** What is known of one activation tensor. */
export interface ObservedTensor {
  readonly observer: RangeObserver;
  /** TensorProto.DataType. */
  readonly elementType: number;
}

/**
 * What calibration data showed of the activations of a model: one histogram for each tensor that
 * goes into a layer. It serves every genome: any width, scheme and calibration method. Made by
 * `calibrateActivations`.
 */
export class ActivationRanges implements ActivationFormats {
  readonly #formats = new Map<string, ActivationFormat>();

  /**
   * @param tensors what was observed, by name
   * @param unfit tensors that were NaN or infinite somewhere: between layers they stay in float
   * @param inputMeans mean of each channel that an operator multiplies with weights, by operator
   * @param skipped how many NaN or infinite elements of each tensor that goes into a layer were
   *   left out of its range
   */
  constructor(
    readonly tensors: ReadonlyMap<string, ObservedTensor>,
    readonly unfit: ReadonlySet<string> = new Set(),
    readonly inputMeans: ReadonlyMap<string, Float32Array> = new Map(),
    readonly skipped: ReadonlyMap<string, number> = new Map(),
  ) {}

  /** False for a tensor between layers that was NaN or infinite somewhere. */
  covers(tensor: string): boolean {
    return !this.unfit.has(tensor);
  }

  /**
   * The format of a tensor under a layer's settings. The scale of a float16 tensor is rounded to
   * float16, where it is in its range.
   * @throws InvalidArgumentError when the tensor was not observed; UnsupportedError when the
   *   settings leave it in float32
   */
  format(
    tensor: string,
    config: LayerQuantConfig,
    method: CalibrationMethodName,
  ): ActivationFormat {
    const request = activationCalibrationOptions(config, method);
    if (request === undefined)
      throw new UnsupportedError("activationBits", "activationBits is 32; allowed here: 4, 8, 16");
    const key = formatKey(tensor, config, method);
    const known = this.#formats.get(key);
    if (known !== undefined) return known;
    const observed = this.tensors.get(tensor);
    if (observed === undefined)
      throw new InvalidArgumentError(
        "activationRanges",
        `activationRanges has no range of tensor ${quoteName(tensor)}; allowed: the ranges ` +
          "of this model, from calibrateActivations",
      );
    const calibrated = observed.observer.params(request);
    const rounded =
      observed.elementType === DataType.FLOAT16 ? float16Scales(calibrated.scale) : undefined;
    const format: ActivationFormat = {
      params: rounded === undefined ? calibrated : { ...calibrated, scale: rounded },
      storage: storageType(
        codeStorage(calibrated.bits, calibrated.signed, ONNX_WIDTHS.activations),
      ),
      elementType: observed.elementType,
      floatType: floatTypeOf(observed.elementType)!,
      float16Scale: rounded !== undefined,
    };
    this.#formats.set(key, format);
    return format;
  }
}

/** An observer for an activation tensor, which answers for every method that there is now. */
export function observeTensor(name: string, elementType: number): ObservedTensor {
  return {
    observer: createObserver("min-max", { name, methods: calibrationMethods() }),
    elementType,
  };
}
