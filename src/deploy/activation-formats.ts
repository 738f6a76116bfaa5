import type { CalibrationMethodName } from "../calibration/method-definition.js";
import { activationKey } from "../genome/genome-key.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import { codeRange, type QuantizationParams } from "../quantization/index.js";
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
  /**
   * False for a value that is no finite float everywhere, so that it has no range. Absent: all have
   * one.
   */
  covers?(range: string): boolean;
  /**
   * Mean of each channel of what an operator multiplies with its weights, by operator, where it is
   * known. With it the biases of quantized layers are corrected.
   */
  readonly inputMeans?: ReadonlyMap<string, Float32Array> | undefined;
}

/** Tells the formats of activations apart. */
export function formatKey(
  range: string,
  config: LayerQuantConfig,
  method: CalibrationMethodName,
): string {
  return `${activationKey(config, method)} ${range}`;
}

/** The format that holds all values that some formats of the same settings hold. */
export function unionFormat(formats: readonly ActivationFormat[]): ActivationFormat {
  const [first, ...others] = formats as [ActivationFormat, ...ActivationFormat[]];
  if (others.length === 0) return first;
  const { params } = first;
  if (params.scheme !== "asymmetric") {
    const widest = formats.reduce((a, b) => (b.params.scale[0]! > a.params.scale[0]! ? b : a));
    return widest;
  }
  const { qMin, qMax } = codeRange(params);
  const bound = ({ params: { scale, zeroPoint } }: ActivationFormat, code: number) =>
    (code - zeroPoint[0]!) * scale[0]!;
  const low = Math.min(...formats.map((format) => bound(format, qMin)));
  const high = Math.max(...formats.map((format) => bound(format, qMax)));
  const scale = Math.fround((high - low) / (qMax - qMin));
  const zeroPoint = Math.min(qMax, Math.max(qMin, Math.round(qMin - low / scale)));
  return {
    ...first,
    params: { ...params, scale: Float32Array.of(scale), zeroPoint: Int32Array.of(zeroPoint) },
  };
}
