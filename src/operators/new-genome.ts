import type { CalibrationMethod } from "../calibration/method.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import { QuantizationGenome } from "../genome/quantization-genome.js";
import type { LayerSpace } from "../genes/precision.js";
import type { SearchRules } from "./contract.js";

/** A genome whose layers are made one by one, in model order, by `configOf`. Unevaluated. */
export function newGenome(
  rules: SearchRules,
  configOf: (space: LayerSpace, name: string) => LayerQuantConfig,
): QuantizationGenome {
  const layerConfigs = new Map<string, LayerQuantConfig>();
  for (const [name, space] of rules.layers) layerConfigs.set(name, configOf(space, name));
  return new QuantizationGenome({ layerConfigs, parameterCounts: rules.parameterCounts });
}

/**
 * The allowed value nearest to the wanted one; of two as near the larger. `values` is not empty.
 */
export function nearest<T extends number>(values: readonly T[], wanted: number): T {
  return values.reduce((best, value) => {
    const closer = Math.abs(value - wanted) - Math.abs(best - wanted);
    return closer < 0 || (closer === 0 && value > best) ? value : best;
  });
}

/** The wanted value when it is allowed, else the first allowed one. */
export function allowedOr<T extends string>(values: readonly T[], wanted: NoInfer<T>): T {
  return values.includes(wanted) ? wanted : (values[0] as T);
}

/** The calibration that anchors use: the one with the least squared error, where it is allowed. */
export function anchorCalibration(space: LayerSpace): CalibrationMethod {
  return allowedOr(space.calibrationMethods, "mse");
}
