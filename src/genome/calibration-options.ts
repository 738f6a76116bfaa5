import type { CalibrateOptions } from "../calibration/calibrate.js";
import type { CalibrationMethodName } from "../calibration/method-definition.js";
import type { WeightLayout } from "../model/layer-spec.js";
import type { QuantizationGranularity, QuantizationParams } from "../quantization/index.js";
import type { LayerQuantConfig } from "./layer-quant-config.js";

/** How a weight tensor is cut into parts that have a scale each. */
export interface WeightSlices {
  readonly granularity: QuantizationGranularity;
  /** Axis of the layout: of the channels, or of the groups where it is per-group. */
  readonly axis: number;
  /** Elements of a group along `axis`; 0 unless it is per-group. */
  readonly groupSize: number;
}

/** The slices of a layer's weights under its settings. */
export function weightSlices(layout: WeightLayout, config: LayerQuantConfig): WeightSlices {
  const { granularity, groupSize } = config;
  const grouped = granularity === "per-group";
  return {
    granularity,
    axis: grouped ? layout.groupAxis : layout.channelAxis,
    groupSize: grouped ? groupSize : 0,
  };
}

/** The scheme that a layer's weights have: binary and ternary ones are symmetric. */
function weightSchemeOf(config: LayerQuantConfig): QuantizationParams["scheme"] {
  return config.weightBits < 2 ? "symmetric" : config.weightScheme;
}

/**
 * How the weights of a layer are calibrated: the one translation of its settings. The noise table,
 * the sensitivities and every writer use it, so that they mean the same numbers. Settings that a
 * genome's key leaves out do not matter here.
 * @param layout axes of the weights
 * @param method the calibration method that the layer really uses
 * @param avoidSaturation keep signed 8-bit codes within 7 bits where the layer's input has 8 bits:
 *   a sum of two products then fits into 16 bits
 * @returns options of `calibrate`, all but the tensor's name; undefined for weights that stay in
 *   float32
 */
export function weightCalibrationOptions(
  layout: WeightLayout,
  config: LayerQuantConfig,
  method: CalibrationMethodName,
  avoidSaturation = false,
): CalibrateOptions | undefined {
  const { weightBits: bits, activationBits } = config;
  if (bits === 32) return undefined;
  const scheme = weightSchemeOf(config);
  return {
    bits,
    scheme,
    method,
    ...weightSlices(layout, config),
    shape: layout.shape,
    narrowRange: bits >= 2 && config.useSymmetric && scheme !== "asymmetric",
    // Unsigned codes are multiplied in 32 bits.
    ...(avoidSaturation &&
      bits === 8 &&
      activationBits === 8 &&
      scheme !== "asymmetric" && { reduceRange: true }),
  };
}

/** How an activation is calibrated, by `calibrate` or an observer. Per-tensor. */
export type ActivationCalibration = Required<Pick<CalibrateOptions, "bits" | "scheme" | "method">>;

/**
 * How an activation is calibrated that a layer's settings decide: the one translation of those.
 * @param method the calibration method that the layer really uses
 * @returns undefined for an activation that stays in float32
 */
export function activationCalibrationOptions(
  config: LayerQuantConfig,
  method: CalibrationMethodName,
): ActivationCalibration | undefined {
  const { activationBits: bits, activationScheme: scheme } = config;
  return bits === 32 ? undefined : { bits, scheme, method };
}
