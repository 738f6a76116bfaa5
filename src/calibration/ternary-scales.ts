import { requireFinite } from "../numeric/find-non-finite.js";
import type { ScaleLayout } from "../quantization/scale-layout.js";
import { QuantizationScheme } from "../quantization/scheme.js";
import { createInstance, simdEnabled, stagingInstance } from "../simd/simd.js";
import {
  COUNTERS,
  SCRATCH_BYTES,
  type SimdInstance,
  SLICE,
  SLICE_ELEMENTS,
  TABLE_A,
} from "../simd/simd-instance.js";
import { normalScale } from "./affine-format.js";
import { gatherSlice, greatestSlice } from "./sources/gather-slice.js";

/** Slices beyond this are sorted by the engine, in half the memory. */
const MOST_SORTED = 2 ** 28;

/**
 * The ternary scale of each slice with the least squared error. It is the mean of the k greatest
 * |x|, for the k that maximises (their sum)^2 / k, found exactly by sorting. Li et al. ("Ternary
 * Weight Networks", 2016) minimise the same error by a rule of thumb. Values above half the scale
 * become +-1.
 * @throws InvalidDataError for NaN or infinity
 */
export function ternaryScales(
  values: Float32Array,
  layout: ScaleLayout,
  scheme: QuantizationScheme,
  name: string,
): Float32Array {
  requireFinite(values, name);
  const powers = scheme === QuantizationScheme.POWER_OF_TWO;
  const room = sortingRoom(greatestSlice(layout));
  return Float32Array.from({ length: layout.count }, (_, k) => {
    const length = gatherSlice(values, layout, k, room.slice);
    return normalScale(room.scale(length, powers), 1);
  });
}

/** Where a slice is gathered and sorted. */
interface SortingRoom {
  readonly slice: Float32Array;
  /** The unrounded scale of the first `length` values of `slice`, which it sorts; 0 for zeros. */
  scale(length: number, powers: boolean): number;
}

function sortingRoom(greatest: number): SortingRoom {
  const fits = greatest <= SLICE_ELEMENTS;
  const instance = fits ? stagingInstance() : instanceOfRoom(greatest);
  if (instance === undefined) {
    const slice = new Float32Array(greatest);
    return { slice, scale: (length, powers) => plainScale(slice.subarray(0, length), powers) };
  }
  const at = fits ? SLICE : SCRATCH_BYTES;
  const spare = fits ? COUNTERS : SCRATCH_BYTES + 4 * greatest;
  const { kernels, f32 } = instance;
  return {
    slice: f32.subarray(at >> 2, (at >> 2) + greatest),
    scale: (length, powers) => kernels.ternaryScale(at, spare, length, TABLE_A, powers ? 1 : 0),
  };
}

/** A memory for two copies of a slice, or undefined where it is not to be had. */
function instanceOfRoom(elements: number): SimdInstance | undefined {
  if (!simdEnabled() || elements > MOST_SORTED) return undefined;
  try {
    return createInstance(SCRATCH_BYTES + 8 * elements);
  } catch {
    return undefined;
  }
}

function plainScale(values: Float32Array, powers: boolean): number {
  for (let i = 0; i < values.length; i++) values[i] = Math.abs(values[i]!);
  values.sort();
  const length = values.length;
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
  return bestScale;
}

/** The power of two nearest to a positive value, within normal float32; 1 for 0. */
function nearestPower(value: number): number {
  if (!(value > 0)) return 1;
  const exponent = Math.max(-126, Math.min(126, Math.floor(Math.log2(value))));
  const below = 2 ** exponent;
  return value - below <= 2 * below - value ? below : 2 * below;
}
