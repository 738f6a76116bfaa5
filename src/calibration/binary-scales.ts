import { FLOAT32_MIN_NORMAL } from "../numeric/float32-range.js";
import type { ScaleLayout } from "../quantization/scale-layout.js";
import { QuantizationScheme } from "../quantization/scheme.js";
import { SliceSums } from "../quantization/slice-sums.js";
import { normalScale } from "./affine-format.js";
import { sliceLength } from "./sources/gather-slice.js";
import { sliceRanges } from "./sources/slice-ranges.js";

/**
 * The binary scale of each slice with the least squared error, the mean of |x| (Rastegari et al.,
 * "XNOR-Net", 2016), or the better of the two powers of two around it. A slice of zeros has no code
 * for 0 and gets the least normal float32.
 * @throws InvalidDataError for NaN or infinity
 */
export function binaryScales(
  values: Float32Array,
  layout: ScaleLayout,
  scheme: QuantizationScheme,
  name: string,
): Float32Array {
  const sums = new SliceSums(layout, "moments");
  sliceRanges(values, layout, name, sums);
  const magnitudes = sums.totals()[2]!;
  return Float32Array.from(magnitudes, (sum, k) =>
    binaryScale(sum / sliceLength(layout, k), scheme),
  );
}

function binaryScale(mean: number, scheme: QuantizationScheme): number {
  if (!(mean > FLOAT32_MIN_NORMAL)) return FLOAT32_MIN_NORMAL;
  if (scheme !== QuantizationScheme.POWER_OF_TWO) return normalScale(mean, 1);
  // The error is a parabola in the scale: the nearer power of two is the better.
  const below = 2 ** Math.min(126, Math.floor(Math.log2(mean)));
  return mean - below <= 2 * below - mean ? below : 2 * below;
}
