import { QuantizationScheme } from "../quantization/scheme.js";
import type { RangeMethod, SignedHistogram } from "./range-source.js";

/**
 * The clipping range that loses the least information: the Kullback-Leibler divergence between the clipped
 * distribution and the quantized one, as NVIDIA described it (S. Migacz, "8-bit Inference with TensorRT",
 * GTC 2017). Values other than 0 are counted in 2,048 bins; each candidate keeps the bins within a distance k
 * of 0, adds what it cuts off to the outermost of them that are not empty, and spreads each of its levels'
 * counts evenly over the bins of that level that are not empty. A candidate keeps at least three bins that are not
 * empty, and a quarter as many as the format has levels. Of equal candidates the widest wins, so sparse
 * slices and formats with more levels than there are bins come out at the whole range.
 */
export const entropyRange: RangeMethod = (source, target) => {
  const whole = { low: source.min, high: source.max };
  if (!(source.max > 0 || source.min < 0)) return whole;
  const asymmetric = target.scheme === QuantizationScheme.ASYMMETRIC;
  if (!asymmetric && !target.signed && source.max <= 0) return whole;
  const histogram = source.histogram(!asymmetric);
  const levels = asymmetric ? target.qMax - target.qMin + 1 : target.qMax + 1;
  const reach = bestReach(histogram, levels);
  if (reach === undefined) return whole;
  const clip = reach * histogram.width;
  return { low: Math.max(source.min, -clip), high: Math.min(source.max, clip) };
};

/** Windows tried, about: 512 place the clip to within 1/512 of the range, and four times as many take four times as long. */
const CANDIDATES = 512;

/** The number of bins to keep on either side of 0, or undefined for all. */
export function bestReach({ counts, zeroBin }: SignedHistogram, levels: number): number | undefined {
  const bins = counts.length;
  const widest = Math.max(zeroBin, bins - zeroBin);
  const total = new Float64Array(bins + 1);
  const filled = new Float64Array(bins + 1);
  const information = new Float64Array(bins + 1);
  for (let k = 0; k < bins; k++) {
    const c = counts[k]!;
    total[k + 1] = total[k]! + c;
    filled[k + 1] = filled[k]! + (c > 0 ? 1 : 0);
    information[k + 1] = information[k]! + (c > 0 ? c * Math.log(c) : 0);
  }
  const firstFilled = new Int32Array(bins + 1).fill(bins);
  const lastFilled = new Int32Array(bins + 1).fill(-1);
  for (let k = bins - 1; k >= 0; k--) firstFilled[k] = counts[k]! > 0 ? k : firstFilled[k + 1]!;
  for (let k = 0; k < bins; k++) lastFilled[k + 1] = counts[k]! > 0 ? k : lastFilled[k]!;
  const step = Math.max(1, Math.floor(widest / CANDIDATES));
  const prefix = { total, filled, information, firstFilled, lastFilled };
  let best = divergence(counts, prefix, 0, bins, levels);
  let reach: number | undefined;
  for (let k = widest - step; k >= 1; k -= step) {
    const from = Math.max(0, zeroBin - k);
    const to = Math.min(bins, zeroBin + k);
    if (to - from < levels) break;
    // A window with one filled bin, or one on either side of 0, loses nothing by this measure, however much it clips:
    // on discrete data (pixels) it would win. Few filled bins are next to it, so a quarter of the levels is asked for.
    if (filled[to]! - filled[from]! < Math.max(3, levels / 4)) continue;
    const d = divergence(counts, prefix, from, to, levels);
    // Rounding of the sums must not pass for an improvement.
    if (d < best - 1e-12) {
      best = d;
      reach = k;
    }
  }
  return reach;
}

/** Running sums before each bin, and the nearest filled bin at or after an edge, or before it. */
interface Prefix {
  readonly total: Float64Array;
  readonly filled: Float64Array;
  readonly information: Float64Array;
  readonly firstFilled: Int32Array;
  readonly lastFilled: Int32Array;
}

/** KL(P || Q) in nats for the window [from, to): O(levels) by prefix sums. */
function divergence(
  counts: Float64Array,
  { total, filled, information, firstFilled, lastFilled }: Prefix,
  from: number,
  to: number,
  levels: number,
): number {
  const all = total[counts.length]!;
  const inside = total[to]! - total[from]!;
  if (inside === 0) return Number.POSITIVE_INFINITY;
  const first = firstFilled[from]!;
  const last = lastFilled[to]!;
  const cutLow = total[from]!;
  const cutHigh = all - total[to]!;
  // sum P log P
  let entropy = information[to]! - information[from]!;
  if (first === last) entropy += xLogX(all) - xLogX(inside);
  else {
    entropy += xLogX(counts[first]! + cutLow) - xLogX(counts[first]!);
    entropy += xLogX(counts[last]! + cutHigh) - xLogX(counts[last]!);
  }
  // sum P log Q, where Q is level total / filled bins of the level, over inside.
  let cross = 0;
  const span = to - from;
  let start = from;
  for (let level = 1; level <= levels; level++) {
    const end = level === levels ? to : from + Math.floor((level * span) / levels);
    if (end === start) continue;
    const q = total[end]! - total[start]!;
    if (q > 0) {
      let p = q;
      if (first >= start && first < end) p += cutLow;
      if (last >= start && last < end) p += cutHigh;
      cross += p * Math.log(q / (filled[end]! - filled[start]!));
    }
    start = end;
  }
  return (entropy - cross) / all - Math.log(all) + Math.log(inside);
}

function xLogX(x: number): number {
  return x > 0 ? x * Math.log(x) : 0;
}
