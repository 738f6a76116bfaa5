import { createObserver, type RangeObserver } from "../../../calibration/index.js";
import type { CalibrationMethod } from "../../../calibration/method.js";
import { InvalidArgumentError, UnsupportedError } from "../../../errors.js";
import { activationKey } from "../../../genome/genome-key.js";
import type { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import type { QuantizationParams } from "../../../quantization/index.js";
import { quoteName } from "../graph/tensor-values.js";
import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";
import { float16Scales } from "../write/scale-tensors.js";
import { type StorageType, storageType } from "../write/storage-type.js";

/** The integer format of an activation. */
export interface ActivationFormat {
  /** Per-tensor. */
  readonly params: QuantizationParams;
  /**
   * 4 bit codes are stored in 8 bits: ONNX Runtime 1.30 gives the buffer of an INT4 tensor to INT8
   * tensors of its shape, which are twice as large (wrong results, memory overrun), and drops a
   * Relu before an INT4 QuantizeLinear.
   */
  readonly storage: StorageType;
  /** TensorProto.DataType of the tensor that is quantized. */
  readonly elementType: number;
  /** The scale is exact in float16. */
  readonly float16Scale: boolean;
}

/** What is known of one activation tensor. */
export interface ObservedTensor {
  readonly observer: RangeObserver;
  /** TensorProto.DataType. */
  readonly elementType: number;
}

/** Tells the formats of activations apart. */
export function formatKey(
  tensor: string,
  config: LayerQuantConfig,
  method: CalibrationMethod,
): string {
  return `${activationKey(config, method)} ${tensor}`;
}

/** Gives the formats of activations; {@link ActivationRanges} is one. */
export interface ActivationFormats {
  format(tensor: string, config: LayerQuantConfig, method: CalibrationMethod): ActivationFormat;
}

/**
 * What calibration data showed of the activations of a model: one histogram for each tensor that
 * goes into a layer. It serves every genome: any width, scheme and calibration method. Made by
 * `calibrateActivations`.
 */
export class ActivationRanges implements ActivationFormats {
  readonly #formats = new Map<string, ActivationFormat>();

  constructor(readonly tensors: ReadonlyMap<string, ObservedTensor>) {}

  /**
   * The format of a tensor under a layer's settings. The scale of a float16 tensor is rounded to
   * float16, where it is in its range.
   * @throws InvalidArgumentError when the tensor was not observed; UnsupportedError when the
   *   settings leave it in float32
   */
  format(tensor: string, config: LayerQuantConfig, method: CalibrationMethod): ActivationFormat {
    const { activationBits: bits, activationScheme: scheme } = config;
    if (bits === 32)
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
    const calibrated = observed.observer.params({ bits, scheme, method });
    const rounded =
      observed.elementType === DataType.FLOAT16 ? float16Scales(calibrated.scale) : undefined;
    const format: ActivationFormat = {
      params: rounded === undefined ? calibrated : { ...calibrated, scale: rounded },
      storage: storageType(bits === 4 ? 8 : bits, calibrated.signed),
      elementType: observed.elementType,
      float16Scale: rounded !== undefined,
    };
    this.#formats.set(key, format);
    return format;
  }
}

/** An observer for an activation tensor. */
export function observeTensor(name: string, elementType: number): ObservedTensor {
  return { observer: createObserver("min-max", { name }), elementType };
}
