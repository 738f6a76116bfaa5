import type { WeightLayout } from "../../model/layer-spec.js";

/** A part of a weight tensor that represents the whole. */
export interface WeightSample {
  readonly values: Float32Array;
  readonly layout: WeightLayout;
}

/**
 * About `maxElements` of a layer's weights at most. The sample has whole channels, evenly spaced
 * from the first to the last. If one channel alone is larger, it has the start of each along the
 * group axis. The choice is not random. Small layers are returned whole, without a copy.
 */
export function sampleWeights(
  values: Float32Array,
  layout: WeightLayout,
  maxElements: number,
): WeightSample {
  if (values.length <= maxElements) return { values, layout };
  const channels = layout.shape[layout.channelAxis] ?? 1;
  const perChannel = values.length / channels;
  const kept = Math.min(channels, Math.max(1, Math.floor(maxElements / perChannel)));
  const sample = gather(
    { values, layout },
    layout.channelAxis,
    (i) => Math.floor((i * channels) / kept),
    kept,
  );
  const { groupAxis } = layout;
  if (sample.values.length <= maxElements || groupAxis === layout.channelAxis) return sample;
  const length = layout.shape[groupAxis] ?? 1;
  const shortened = Math.max(1, Math.floor((length * maxElements) / sample.values.length));
  return gather(sample, groupAxis, (i) => i, shortened);
}

/** The tensor with only the indices `pick(0) .. pick(count - 1)` of one axis. */
function gather(
  from: WeightSample,
  axis: number,
  pick: (i: number) => number,
  count: number,
): WeightSample {
  const { shape, channelAxis, groupAxis } = from.layout;
  const extent = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  const outer = from.values.length / (extent * inner);
  const values = new Float32Array(outer * count * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < count; i++) {
      const start = (o * extent + pick(i)) * inner;
      values.set(from.values.subarray(start, start + inner), (o * count + i) * inner);
    }
  return {
    values,
    layout: { channelAxis, groupAxis, shape: shape.map((n, k) => (k === axis ? count : n)) },
  };
}
