import type { OperatorWork } from "./operator-work.js";

const MICRO = 1e-3;
/** Kernels compute so many output channels, or positions, at a time: fewer take as long. */
const LANES = 16;
/** Channels are copied so many at a time. */
const BYTES = 8;

const padded = (count: number) => Math.ceil(count / LANES) * LANES;

/**
 * Microseconds of a convolution.
 * @param coldMb megabytes that one run of the graph writes: what evicts a kernel's code and data
 *   before its next run
 */
export function convolutionUs(work: OperatorWork, integer: boolean, coldMb: number): number {
  if (integer) return work.depthwise ? depthwiseCodes(work, coldMb) : codes(work, coldMb);
  if (work.axes === 1) return gathered(work, coldMb);
  return work.depthwise ? depthwiseBlocks(work, coldMb) : blocks(work, coldMb);
}

/** QLinearConv with channels last: windows are gathered, then multiplied. */
function codes(work: OperatorWork, coldMb: number): number {
  const { macs, outputs, channels, depth, taps, positions, windows, weights } = work;
  const each = depth === 1 ? 0.244 : depth % BYTES === 0 ? 0.566 : 0.826;
  // Results that do not fill the lanes, and windows of few results, take longer for each place.
  const place =
    0.205 + (channels % LANES === 0 ? 0 : 2.61) + (windows && channels <= LANES ? 9.07 : 0);
  return (
    0.79 +
    0.131 * coldMb +
    MICRO *
      (place * positions +
        0.0489 * outputs +
        (windows ? each * taps : 0) +
        0.00192 * macs * lanes(channels) +
        0.05 * weights)
  );
}

/** QLinearConv channel by channel: one by one where they do not fill the lanes. */
function depthwiseCodes(work: OperatorWork, coldMb: number): number {
  const { macs, outputs, channels, taps } = work;
  const us =
    channels % LANES === 0
      ? 0.045 * outputs + 0.65 * taps + 0.0116 * macs
      : 0.384 * outputs + 1.11 * taps + 0.0363 * macs;
  return 0.18 * coldMb + MICRO * us;
}

/** Conv on blocked channels. */
function blocks(work: OperatorWork, coldMb: number): number {
  const { macs, channels, depth, taps, positions, weights } = work;
  const passes = padded(channels) * Math.ceil(depth / LANES);
  return (
    0.85 +
    0.062 * coldMb +
    MICRO *
      ((0.8 + 0.00146 * passes) * positions +
        0.22 * taps +
        0.00777 * macs * lanes(channels) +
        0.1185 * weights)
  );
}

function depthwiseBlocks({ macs, channels }: OperatorWork, coldMb: number): number {
  return 0.142 * coldMb + MICRO * 0.0104 * macs * lanes(channels);
}

/** Conv along one axis: windows are gathered, then multiplied, image by image. */
function gathered(work: OperatorWork, coldMb: number): number {
  const { macs, outputs, depth, taps, positions, images, windows, weights } = work;
  const each = positions / Math.max(1, images);
  const product = each > 1 ? 0.00853 * macs * lanes(each) : 0.033 * images * weights;
  const us = 0.089 * outputs + (windows ? 0.134 * depth * taps : 0) + product;
  return 0.52 + 0.17 * coldMb + 0.466 * images + MICRO * us;
}

function lanes(count: number): number {
  return padded(count) / Math.max(1, count);
}

/** Microseconds of a product with a stored matrix, or of two computed ones. */
export function productUs(work: OperatorWork, integer: boolean, coldMb: number): number {
  const { macs, weights, inputs, outputs, rank } = work;
  if (!integer)
    return (
      0.3 +
      0.0085 * coldMb +
      MICRO * (0.0084 * macs + (0.03 + 0.0008 * coldMb) * weights + 0.1 * inputs)
    );
  // QGemm packs its weights once, MatMulIntegerToFloat at each run.
  const us =
    rank === 2
      ? 0.0022 * macs + 0.008 * weights + 1 * outputs + 0.086 * inputs
      : 0.0016 * macs + (0.039 + 0.001 * coldMb) * weights + 0.12 * outputs + 0.07 * inputs;
  return 1 + 0.057 * coldMb + MICRO * us;
}

/** Microseconds of a recurrent layer; on codes where its weights are stored as codes. */
export function recurrentUs(work: OperatorWork, integer: boolean): number {
  const { macs, steps, outputs, weights } = work;
  return integer
    ? 5 + steps + MICRO * (0.0022 * macs + 4 * outputs)
    : 5 + 1.5 * steps + MICRO * (Math.max(0.0085 * macs, 0.04 * weights) + 2.4 * outputs);
}
