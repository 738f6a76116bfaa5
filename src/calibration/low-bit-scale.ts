import { FLOAT32_MIN_NORMAL } from "../numeric/float32-range.js";
import { QuantizationScheme } from "../quantization/scheme.js";
import { normalScale } from "./affine-format.js";

/**
 * The binary scale with the least squared error, the mean of |x| (Rastegari et al., "XNOR-Net", 2016), or the
 * better of the two powers of two around it. A slice of zeros has no code for 0 and gets the least normal float32.
 */
export function binaryScale(values: Float32Array, scheme: QuantizationScheme): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]!);
  const mean = sum / values.length;
  if (!(mean > FLOAT32_MIN_NORMAL)) return FLOAT32_MIN_NORMAL;
  if (scheme !== QuantizationScheme.POWER_OF_TWO) return normalScale(mean, 1);
  // The error is a parabola in the scale: the nearer power of two is the better.
  const below = 2 ** Math.min(126, Math.floor(Math.log2(mean)));
  return mean - below <= 2 * below - mean ? below : 2 * below;
}

/**
 * The ternary scale with the least squared error: the mean of the k greatest |x| for the k that maximises
 * (their sum)^2 / k, found exactly by sorting (Li et al., "Ternary Weight Networks", 2016, minimise the same
 * error by a rule of thumb). Values above half the scale become +-1. Reorders `values`, which then hold |x|.
 */
export function ternaryScale(values: Float32Array, scheme: QuantizationScheme): number {
  for (let i = 0; i < values.length; i++) values[i] = Math.abs(values[i]!);
  values.sort();
  const length = values.length;
  const powers = scheme === QuantizationScheme.POWER_OF_TWO;
  let sum = 0;
  let best = 0;
  let bestScale = 0;
  for (let k = 1; k <= length; k++) {
    sum += values[length - k]!;
    const scale = powers ? nearestPower(sum / k) : sum / k;
    // The error with k values at this scale is sum x^2 - gain.
    const gain = scale * (2 * sum - k * scale);
    if (gain > best) {
      best = gain;
      bestScale = scale;
    }
  }
  return normalScale(bestScale, 1);
}

/** The power of two nearest to a positive value, within normal float32; 1 for 0. */
function nearestPower(value: number): number {
  if (!(value > 0)) return 1;
  const exponent = Math.max(-126, Math.min(126, Math.floor(Math.log2(value))));
  const below = 2 ** exponent;
  return value - below <= 2 * below - value ? below : 2 * below;
}
