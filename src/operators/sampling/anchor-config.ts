import type { WeightBits } from "../../genes/bits.js";
import type { LayerSpace } from "../../genes/precision.js";
import { LayerQuantConfig } from "../../genome/layer-quant-config.js";

/**
 * The settings a practitioner would start from at a given weight width, as far as the space allows
 * them: symmetric per-channel weights, asymmetric 8-bit activations, calibration by least squared
 * error.
 */
export function anchorConfig(space: LayerSpace, weightBits: WeightBits): LayerQuantConfig {
  const granularity = allowedOr(space.granularities, "per-channel");
  return new LayerQuantConfig({
    weightBits: nearest(space.weightBits, weightBits),
    activationBits: nearest(space.activationBits, 8),
    weightScheme: allowedOr(space.weightSchemes, "symmetric"),
    activationScheme: allowedOr(space.activationSchemes, "asymmetric"),
    granularity,
    ...(granularity === "per-group" && { groupSize: nearest(space.groupSizes, 32) }),
    calibrationMethod: allowedOr(space.calibrationMethods, "mse"),
  });
}

/**
 * The allowed value nearest to the wanted one; of two as near the larger. `values` is not empty.
 */
function nearest<T extends number>(values: readonly T[], wanted: number): T {
  return values.reduce((best, value) => {
    const closer = Math.abs(value - wanted) - Math.abs(best - wanted);
    return closer < 0 || (closer === 0 && value > best) ? value : best;
  });
}

/** The wanted value when it is allowed, else the first allowed one. */
function allowedOr<T extends string>(values: readonly T[], wanted: NoInfer<T>): T {
  return values.includes(wanted) ? wanted : (values[0] as T);
}
