/** Noise at which half of the accuracy is left, and how steeply it falls there. */
const HALF_NOISE = 0.16;
const STEEPNESS = 1.8;

/** Where the curve comes from, in one sentence for the `source` of an estimate. */
export const NOISE_CURVE_SOURCE = "";

/**
 * Accuracy relative to the float32 model, 1 down to 0, for a mean relative quantization noise (1 / SQNR) from 0 on.
 */
export function relativeAccuracy(noise: number): number {
  return 1 / (1 + (noise / HALF_NOISE) ** STEEPNESS);
}
