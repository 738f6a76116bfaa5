/**
 * How a range is chosen from data.
 * - `min-max`: the whole range.
 * - `percentile`: clips outliers (99.9 by default).
 * - `mse`: the clipping range with the least squared error.
 * - `entropy`: the clipping range with the least Kullback-Leibler divergence.
 *
 * Methods of your own have names besides: `addCalibrationMethod`.
 */
export const CalibrationMethod = {
  MIN_MAX: "min-max",
  PERCENTILE: "percentile",
  MSE: "mse",
  ENTROPY: "entropy",
} as const;
/** One of the values of {@link (CalibrationMethod:variable)}. */
export type CalibrationMethod = (typeof CalibrationMethod)[keyof typeof CalibrationMethod];
