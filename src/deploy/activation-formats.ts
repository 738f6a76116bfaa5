import type { CalibrationMethodName } from "../calibration/method-definition.js";
import { activationKey } from "../genome/genome-key.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { QuantizationParams } from "../quantization/index.js";
import type { CodeStorage, FloatType } from "./storage.js";

/** The integer format of an activation. */
export interface ActivationFormat {
  /** Per-tensor. */
  readonly params: QuantizationParams;
  readonly storage: CodeStorage;
  /** The type that the value has in the float model. */
  readonly floatType: FloatType;
  /** The scale is exact in float16. */
  readonly float16Scale: boolean;
}

/** Gives the formats of activations, from what calibration data showed. */
export interface ActivationFormats {
  /**
   * @param range the value whose range it is
   * @throws InvalidArgumentError when nothing is known of the value
   */
  format(range: string, config: LayerQuantConfig, method: CalibrationMethodName): ActivationFormat;
}

/** Tells the formats of activations apart. */
export function formatKey(
  range: string,
  config: LayerQuantConfig,
  method: CalibrationMethodName,
): string {
  return `${activationKey(config, method)} ${range}`;
}
