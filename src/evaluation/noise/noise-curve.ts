/** Mean relative noise at which half of the accuracy is left. */
const HALF_NOISE = 0.192;
/** How steeply accuracy falls: the slope of log odds over log noise. */
const STEEPNESS = 1.883;

/** Where the curve comes from, in one sentence for the `source` of an estimate. */
export const NOISE_CURVE_SOURCE =
  "prediction, not a measurement: quantization noise of the weights through a curve fitted " +
  "on one network, a ResNet-20 on CIFAR-10 with 2 to 8 bit weights";

/**
 * Accuracy relative to the float32 model, from 1 down to 0, for a mean relative quantization noise
 * (1 / SQNR) from 0 on: a logistic curve in the logarithm of the noise. Its two numbers are a
 * least-squares fit of log odds on one measured network: ResNet-20 (Idelbayev's reproduction of He
 * et al. 2016), 1,017 CIFAR-10 test images, weights only, round to nearest, symmetric per-channel
 * min-max. Measured top-1 over float32's 0.9164, with the network's noise by
 * {@link sensitivityPrior}, was 8 bits 0.9154 (noise 0.00006), 6 bits 0.9184 (0.0009), 5 bits
 * 0.9174 (0.0040), 4 bits 0.9056 (0.0180), 3 bits 0.7296 (0.0955), 2 bits 0.0934 (0.602). The curve
 * meets all six within 1.3 points. Other networks are more or less robust than this one: trust the
 * order it gives, not the digits.
 */
export function relativeAccuracy(noise: number): number {
  return 1 / (1 + (noise / HALF_NOISE) ** STEEPNESS);
}
