import type { WeightBits } from "../../genes/bits.js";
import { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { LayerSpace } from "../../genes/precision.js";
import { allowedOr, anchorCalibration, nearest } from "../new-genome.js";

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
    calibrationMethod: anchorCalibration(space),
  });
}
