import type { ScaleLayout } from "../../quantization/scale-layout.js";
import { QuantizationGranularity } from "../../quantization/scheme.js";

/**
 * Copies the values that share scale `index` to the front of `out` and returns how many there are.
 * `out` holds at least {@link greatestSlice} elements.
 */
export function gatherSlice(
  values: Float32Array,
  layout: ScaleLayout,
  index: number,
  out: Float32Array,
): number {
  const { outer, extent, inner, groupSize, blocks } = layout;
  if (layout.granularity === QuantizationGranularity.PER_GROUP) {
    const column = index % inner;
    const block = Math.floor(index / inner) % blocks;
    const slab = Math.floor(index / (inner * blocks));
    const length = sliceLength(layout, index);
    let from = (slab * extent + block * groupSize) * inner + column;
    for (let j = 0; j < length; j++, from += inner) out[j] = values[from]!;
    return length;
  }
  let at = 0;
  for (let slab = 0; slab < outer; slab++) {
    const from = (slab * extent + index) * inner;
    for (let j = 0; j < inner; j++) out[at++] = values[from + j]!;
  }
  return at;
}

/** Elements that share scale `index`. */
export function sliceLength(
  { granularity, outer, extent, inner, groupSize, blocks }: ScaleLayout,
  index: number,
) {
  if (granularity !== QuantizationGranularity.PER_GROUP) return outer * inner;
  const block = Math.floor(index / inner) % blocks;
  return Math.min(groupSize, extent - block * groupSize);
}

/** Elements of the longest slice. */
export function greatestSlice({ granularity, outer, inner, groupSize }: ScaleLayout): number {
  return granularity === QuantizationGranularity.PER_GROUP ? groupSize : outer * inner;
}
