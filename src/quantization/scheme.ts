/**
 * How real numbers map onto integer codes.
 * - `symmetric`: zero point 0.
 * - `asymmetric`: affine with a zero point; the range always contains 0, so zero padding is exact.
 * - `power-of-two`: symmetric with scale 2^n, so rescaling is a bit shift.
 */
export const QuantizationScheme = {
  SYMMETRIC: "symmetric",
  ASYMMETRIC: "asymmetric",
  POWER_OF_TWO: "power-of-two",
} as const;
/** One of the values of {@link (QuantizationScheme:variable)}. */
export type QuantizationScheme = (typeof QuantizationScheme)[keyof typeof QuantizationScheme];

/**
 * How many numbers share one scale and zero point.
 * - `per-tensor`: all of them. Shape [A, B] has 1 scale.
 * - `per-channel`: one per index of the channel axis. Shape [A, B], axis 0, has A scales.
 * - `per-group`: one per block of `groupSize` along an axis (ONNX "blocked"). Shape [A, B], axis 1,
 *   has A x ceil(B / groupSize).
 */
export const QuantizationGranularity = {
  PER_TENSOR: "per-tensor",
  PER_CHANNEL: "per-channel",
  PER_GROUP: "per-group",
} as const;
/** One of the values of {@link (QuantizationGranularity:variable)}. */
export type QuantizationGranularity =
  (typeof QuantizationGranularity)[keyof typeof QuantizationGranularity];
