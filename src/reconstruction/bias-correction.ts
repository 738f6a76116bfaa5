import { inputChannels } from "../model/input-channels.js";
import { elementCount, type WeightLayout } from "../model/layer-spec.js";

/**
 * How far the mean of each output channel moves when a layer's weights are rounded: the sum of
 * (weight - rounded) times the mean of what the weight is multiplied with. Added to the bias, it
 * gives the layer its mean back (Nagel et al. 2019, "Data-Free Quantization Through Weight
 * Equalization and Bias Correction", section 4.2, with means from calibration data). Padding counts
 * as data: at the rim of an image the shift is less than that.
 * @param weights row-major over `layout.shape`
 * @param rounded what they were rounded to, in the same order
 * @param inputMeans mean of each input channel, in model order
 * @returns one number for each output channel; undefined where the means do not fit the layout
 */
export function meanOutputShift(
  weights: Float32Array,
  rounded: Float32Array,
  layout: WeightLayout,
  inputMeans: Float32Array,
): Float32Array | undefined {
  const { shape, channelAxis, groupAxis } = layout;
  const inputs = inputChannels(layout, inputMeans.length);
  if (inputs === undefined) return undefined;
  const { ofChannel, ofPlace } = inputs;
  const channels = ofChannel.length;
  const reduction = ofPlace.length;
  const channelStride = elementCount(shape.slice(channelAxis + 1));
  const placeStride = elementCount(shape.slice(groupAxis + 1));
  const shift = new Float64Array(channels);
  for (let i = 0; i < weights.length; i++) {
    const error = weights[i]! - rounded[i]!;
    if (error === 0) continue;
    const channel = Math.floor(i / channelStride) % channels;
    const place = Math.floor(i / placeStride) % reduction;
    shift[channel]! += error * inputMeans[ofChannel[channel]! + ofPlace[place]!]!;
  }
  return Float32Array.from(shift);
}
