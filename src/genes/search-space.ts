import { CalibrationMethod } from "../calibration/method.js";
import { QuantizationGranularity, QuantizationScheme } from "../quantization/scheme.js";
import type { LayerSpace } from "./precision.js";

/** The genomes that a search may visit. */
export interface SearchSpace {
  /** In model order. */
  readonly layers: ReadonlyMap<string, LayerSpace>;
  /** Groups of layers that must have equal settings; a layer is in at most one. */
  readonly ties: readonly (readonly string[])[];
}

/**
 * The space of a layer when nothing restricts it: bits 2 to 8, every scheme, granularity and
 * method.
 */
export const defaultLayerSpace: LayerSpace = {
  weightBits: [2, 3, 4, 5, 6, 8],
  activationBits: [8, 16],
  weightSchemes: Object.values(QuantizationScheme),
  activationSchemes: Object.values(QuantizationScheme),
  granularities: Object.values(QuantizationGranularity),
  groupSizes: [16, 32, 64, 128],
  calibrationMethods: Object.values(CalibrationMethod),
};
