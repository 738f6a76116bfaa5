import { QuantizationScheme } from "../../quantization/scheme.js";
import { CalibrationMethod } from "../method.js";
import type { CalibrationMethodDefinition, ChosenRange } from "../method-definition.js";
import type { RangeSource, RangeTarget, SignedHistogram } from "../sources/range-source.js";

/**
 * The clipping range that loses the least information: the Kullback-Leibler divergence between the
 * clipped distribution and the quantized one, as NVIDIA described it (S. Migacz, "8-bit Inference
 * with TensorRT", GTC 2017). Values other than 0 are counted in 2,048 bins. Each candidate keeps
 * the bins within a distance k of 0 and adds what it cuts off to the outermost of them that are not
 * empty. It then spreads the count of each level evenly over the bins of that level that are not
 * empty. A candidate keeps at least three bins that are not empty, and a quarter as many as the
 * format has levels. Of equal candidates the widest wins, so sparse slices and formats with more
 * levels than there are bins come out at the whole range.
 */
export const entropyMethod: CalibrationMethodDefinition = {
  name: CalibrationMethod.ENTROPY,
  code: 3,
  reach: 3,
  range: entropyRange,
};

function entropyRange(source: RangeSource, target: RangeTarget): ChosenRange {
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
}

/**
 * Windows tried, about: 512 place the clip to within 1/512 of the range, and four times as many
 * take four times as long.
 */
const CANDIDATES = 512;

/** The number of bins to keep on either side of 0, or undefined for all. */
export function bestReach(
  { counts, zeroBin }: SignedHistogram,
  levels: number,
): number | undefined {
  const bins = counts.length;
  const sums = prefixSums(counts);
  const { before, positions } = sums;
  const widest = Math.max(zeroBin, bins - zeroBin);
  const step = Math.max(1, Math.floor(widest / CANDIDATES));
  // A window with one filled bin, or one on either side of 0, loses nothing by this measure,
  // however much it clips: on discrete data (pixels) it would win. Few filled bins are next to it,
  // so a quarter of the levels is asked for.
  const fewest = Math.max(3, levels / 4);
  let best = divergence(sums, 0, bins, levels);
  let reach: number | undefined;
  // Some candidates show early how good the best one is at least. Leaving out what is clearly worse
  // than them cannot change which one is taken: the margin is far above the step that makes an
  // improvement.
  let attained = best;
  for (let j = 1; j <= PILOTS; j++) {
    const k = widest - step * Math.floor((widest * j) / ((PILOTS + 1) * step));
    const from = Math.max(0, zeroBin - k);
    const to = Math.min(bins, zeroBin + k);
    if (k < 1 || to - from < levels || before[to]! - before[from]! < fewest) continue;
    attained = Math.min(attained, divergence(sums, from, to, levels));
  }
  let least = Number.NEGATIVE_INFINITY;
  let a = -1;
  let b = -1;
  for (let k = widest - step; k >= 1; k -= step) {
    const from = Math.max(0, zeroBin - k);
    const to = Math.min(bins, zeroBin + k);
    if (to - from < levels) break;
    if (before[from] !== a || before[to] !== b) {
      a = before[from]!;
      b = before[to]!;
      if (b - a < fewest) break;
      least = leastDivergence(sums, a, b);
    }
    if (least > Math.min(best, attained) + BOUND_MARGIN) {
      // On to the first window that holds fewer of the filled bins.
      const fewer = Math.max(positions[b - 1]! - zeroBin, zeroBin - positions[a]! - 1);
      k = Math.min(k, widest - step * Math.ceil((widest - fewer) / step) + step);
      continue;
    }
    const d = divergence(sums, from, to, levels);
    // Rounding of the sums must not pass for an improvement.
    if (d < best - 1e-12) {
      best = d;
      reach = k;
    }
  }
  return reach;
}

/** Candidates tried beforehand. */
const PILOTS = 7;
/**
 * Far above the rounding of the sums, so that a candidate that could be taken is never left out by
 * its bound.
 */
const BOUND_MARGIN = 1e-9;

/** Sums over the bins that are not empty, which may be few. */
interface PrefixSums {
  /** Those bins, ascending, and their counts. */
  readonly positions: Int32Array;
  readonly filled: Float64Array;
  /** How many of them are before each bin, and before the end. */
  readonly before: Int32Array;
  /** Sum of the first n of their counts. */
  readonly total: Float64Array;
  /** Sum of c log c over the first n of them. */
  readonly information: Float64Array;
  /** Log of the greatest count. */
  readonly greatestLog: number;
}

/** Kept from slice to slice: a tensor may have hundreds of thousands. */
let scratch = new Int32Array(0);

function prefixSums(counts: Float64Array): PrefixSums {
  const bins = counts.length;
  if (scratch.length < 2 * bins + 1) scratch = new Int32Array(2 * bins + 1);
  const before = scratch.subarray(0, bins + 1);
  const positions = scratch.subarray(bins + 1);
  let n = 0;
  for (let k = 0; k < bins; k++) {
    before[k] = n;
    if (counts[k]! > 0) positions[n++] = k;
  }
  before[bins] = n;
  const filled = new Float64Array(n);
  const total = new Float64Array(n + 1);
  const information = new Float64Array(n + 1);
  let greatest = 1;
  for (let i = 0; i < n; i++) {
    const c = counts[positions[i]!]!;
    filled[i] = c;
    total[i + 1] = total[i]! + c;
    information[i + 1] = information[i]! + c * Math.log(c);
    if (c > greatest) greatest = c;
  }
  const greatestLog = Math.log(greatest);
  return { positions: positions.subarray(0, n), filled, before, total, information, greatestLog };
}

/** sum P log P times the count, for a window that holds the filled bins from a on and before b. */
function windowEntropy({ filled, total, information }: PrefixSums, a: number, b: number): number {
  const all = total[total.length - 1]!;
  const inside = total[b]! - total[a]!;
  const entropy = information[b]! - information[a]!;
  if (a === b - 1) return entropy + (xLogX(all) - xLogX(inside));
  const first = filled[a]!;
  const last = filled[b - 1]!;
  return (
    entropy +
    (xLogX(first + total[a]!) - xLogX(first)) +
    (xLogX(last + (all - total[b]!)) - xLogX(last))
  );
}

/**
 * A lower bound on the divergence of such a window, however its levels fall. Within a level, sum c
 * log (mean c) is at most sum c log c, and a mean is at most the greatest count.
 */
function leastDivergence(sums: PrefixSums, a: number, b: number): number {
  const { total, information, greatestLog } = sums;
  const all = total[total.length - 1]!;
  const inside = total[b]! - total[a]!;
  if (inside === 0) return Number.POSITIVE_INFINITY;
  const cross = information[b]! - information[a]! + (all - inside) * greatestLog;
  return (windowEntropy(sums, a, b) - cross) / all - Math.log(all) + Math.log(inside);
}

/**
 * KL(P || Q) in nats for the window [from, to): O(levels), or O(filled bins) where those are fewer.
 */
function divergence(sums: PrefixSums, from: number, to: number, levels: number): number {
  const { before, total } = sums;
  const a = before[from]!;
  const b = before[to]!;
  const all = total[total.length - 1]!;
  const inside = total[b]! - total[a]!;
  if (inside === 0) return Number.POSITIVE_INFINITY;
  const cross =
    b - a < levels ? crossOfFilled(sums, from, to, levels) : crossOfLevels(sums, from, to, levels);
  return (windowEntropy(sums, a, b) - cross) / all - Math.log(all) + Math.log(inside);
}

/** sum P log Q times the count, where Q is level total / filled bins of the level, over inside. */
function crossOfLevels(
  { before, total }: PrefixSums,
  from: number,
  to: number,
  levels: number,
): number {
  const first = before[from]!;
  const stop = before[to]!;
  const span = to - from;
  // Mostly the levels are 2^n, and dividing by them a shift.
  const powerOfTwo = (levels & (levels - 1)) === 0 && levels * span < 2 ** 31;
  const shift = powerOfTwo ? 31 - Math.clz32(levels) : -1;
  let cross = 0;
  let a = first;
  for (let level = 1; level <= levels && a < stop; level++) {
    const offset = shift >= 0 ? (level * span) >> shift : Math.floor((level * span) / levels);
    const b = level === levels ? stop : before[from + offset]!;
    if (b === a) continue;
    cross += levelCross(total, first, stop, a, b);
    a = b;
  }
  return cross;
}

/**
 * {@link crossOfLevels}, going from a filled bin to the next that is in another level: the same
 * terms in the same order.
 */
function crossOfFilled(
  { positions, before, total }: PrefixSums,
  from: number,
  to: number,
  levels: number,
): number {
  const first = before[from]!;
  const stop = before[to]!;
  const span = to - from;
  let cross = 0;
  let a = first;
  while (a < stop) {
    const level = Math.ceil(((positions[a]! - from + 1) * levels) / span);
    const end = level === levels ? to : from + Math.floor((level * span) / levels);
    let b = a + 1;
    while (b < stop && positions[b]! < end) b++;
    cross += levelCross(total, first, stop, a, b);
    a = b;
  }
  return cross;
}

/**
 * The term of the level that holds the filled bins from a on and before b, of a window that holds
 * those from first on and before stop.
 */
function levelCross(
  total: Float64Array,
  first: number,
  stop: number,
  a: number,
  b: number,
): number {
  const q = total[b]! - total[a]!;
  // log 1 is 0, and single counts are most of what sparse slices have.
  if (q === b - a) return 0;
  let p = q;
  if (a === first) p += total[a]!;
  if (b === stop) p += total[total.length - 1]! - total[b]!;
  return p * logOfRatio(q, b - a);
}

/** Logs of q / n for counts below this are kept: most levels of small slices have those. */
const KEPT = 128;
const logs = new Float64Array(KEPT * KEPT).fill(Number.NaN);

function logOfRatio(q: number, n: number): number {
  if (q >= KEPT || n >= KEPT) return Math.log(q / n);
  let log = logs[q * KEPT + n]!;
  if (Number.isNaN(log)) {
    log = Math.log(q / n);
    logs[q * KEPT + n] = log;
  }
  return log;
}

function xLogX(x: number): number {
  return x > 0 ? x * Math.log(x) : 0;
}
