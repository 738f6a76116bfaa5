/** Mean relative noise at which the accuracy is half of float32's. */
const HALF_NOISE = 0.192;
/** Slope of the log odds of relative accuracy over the log of the noise. */
const STEEPNESS = 1.883;

/** Where the curve comes from, for the `source` of an estimate. */
export const NOISE_CURVE_SOURCE =
  "prediction, not a measurement: quantization noise of the weights through a curve fitted " +
  "on one network, a ResNet-20 on CIFAR-10 with 2 to 8 bit weights";

/**
 * Accuracy relative to the float32 model for a mean relative quantization noise (1 / SQNR), as a
 * logistic curve in the logarithm of the noise. Other networks are more or less robust than the one
 * it was fitted to, so trust its order, not its digits.
 *
 * Its two constants are a least-squares fit of log odds on one measured network: ResNet-20
 * (Idelbayev's reproduction of He et al. 2016) on 1,017 CIFAR-10 test images. Weights alone were
 * quantized, rounded to nearest, symmetric and per-channel with min-max ranges. Noise is the
 * network's, weighted by {@link sensitivityPrior}. The curve meets all six points within 1.3 points
 * of accuracy:
 *
 * | bits | noise | top-1 (float32: 0.9164) |
 * | --- | --- | --- |
 * | 8 | 0.00006 | 0.9154 |
 * | 6 | 0.0009 | 0.9184 |
 * | 5 | 0.0040 | 0.9174 |
 * | 4 | 0.0180 | 0.9056 |
 * | 3 | 0.0955 | 0.7296 |
 * | 2 | 0.602 | 0.0934 |
 * @param noise from 0
 * @returns from 1, without noise, down towards 0
 */
export function relativeAccuracy(noise: number): number {
  return 1 / (1 + (noise / HALF_NOISE) ** STEEPNESS);
}
