// Least and greatest values of slices, checked for NaN and infinity on the way.

import { BASE } from "./base";

const GREATEST_FINITE: i32 = 0x7f7fffff;
const CHECKED: u32 = 4096;
/** 2^-126. */
const LEAST_NORMAL: f32 = 1.1754943508222875e-38;
/** Above this a scale might have to be lowered for its codes to stay finite. */
const NEAR_END: f32 = 1e38;
const ALL_FINITE: u32 = 0xffffffff;

/**
 * Lowers `mins` and raises `maxs` (a float32 for each scale) by `n` elements whose slices lie in
 * runs, as walkRuns has them. @returns ALL_FINITE, or the start of a stretch of at most 4096 that
 * holds NaN or infinity
 */
export function rangeOfRuns(
  src: usize,
  n: u32,
  rowLength: u32,
  runLength: u32,
  inRow: u32,
  k: u32,
  count: u32,
  mins: usize,
  maxs: usize,
): u32 {
  src += BASE;
  mins += BASE;
  maxs += BASE;
  const mask = i32x4.splat(0x7fffffff);
  let inRun: u32 = inRow % runLength;
  let at: u32 = 0;
  let stretch: u32 = 0;
  let bits = i32x4.splat(0);
  while (at < n) {
    const length = min<u32>(
      min<u32>(runLength - inRun, rowLength - inRow),
      min<u32>(n - at, CHECKED),
    );
    let p = src + (<usize>at << 2);
    let low = load<f32>(mins + (<usize>k << 2));
    let high = load<f32>(maxs + (<usize>k << 2));
    if (length >= 4) {
      let lo = f32x4.splat(low);
      let hi = f32x4.splat(high);
      let lo2 = lo;
      let hi2 = hi;
      const end16 = p + (<usize>(length & ~15) << 2);
      while (p < end16) {
        const a = v128.load(p);
        const b = v128.load(p, 16);
        const c = v128.load(p, 32);
        const d = v128.load(p, 48);
        lo = f32x4.pmin(lo, a);
        hi = f32x4.pmax(hi, a);
        lo2 = f32x4.pmin(lo2, b);
        hi2 = f32x4.pmax(hi2, b);
        lo = f32x4.pmin(lo, c);
        hi = f32x4.pmax(hi, c);
        lo2 = f32x4.pmin(lo2, d);
        hi2 = f32x4.pmax(hi2, d);
        // The bits of NaN and infinity, without the sign, are above those of all finite numbers.
        bits = i32x4.max_s(
          i32x4.max_s(bits, i32x4.max_s(v128.and(a, mask), v128.and(b, mask))),
          i32x4.max_s(v128.and(c, mask), v128.and(d, mask)),
        );
        p += 64;
      }
      const end4 = p + (<usize>(length & 12) << 2);
      while (p < end4) {
        const a = v128.load(p);
        lo = f32x4.pmin(lo, a);
        hi = f32x4.pmax(hi, a);
        bits = i32x4.max_s(bits, v128.and(a, mask));
        p += 16;
      }
      lo = f32x4.pmin(lo, lo2);
      hi = f32x4.pmax(hi, hi2);
      lo = f32x4.pmin(lo, i64x2.shuffle(lo, lo, 1, 0));
      hi = f32x4.pmax(hi, i64x2.shuffle(hi, hi, 1, 0));
      lo = f32x4.pmin(lo, i32x4.shuffle(lo, lo, 1, 0, 3, 2));
      hi = f32x4.pmax(hi, i32x4.shuffle(hi, hi, 1, 0, 3, 2));
      low = f32x4.extract_lane(lo, 0);
      high = f32x4.extract_lane(hi, 0);
    }
    const end = src + (<usize>(at + length) << 2);
    while (p < end) {
      const x = load<f32>(p);
      low = min<f32>(low, x);
      high = max<f32>(high, x);
      bits = i32x4.max_s(bits, v128.and(v128.load32_zero(p), mask));
      p += 4;
    }
    store<f32>(mins + (<usize>k << 2), low);
    store<f32>(maxs + (<usize>k << 2), high);
    at += length;
    if (at - stretch >= CHECKED || at == n) {
      if (v128.any_true(i32x4.gt_s(bits, i32x4.splat(GREATEST_FINITE)))) return stretch;
      stretch = at;
    }
    inRun += length;
    inRow += length;
    if (inRow == rowLength) {
      inRow = 0;
      inRun = runLength;
    }
    if (inRun == runLength) {
      inRun = 0;
      if (++k == count) k = 0;
    }
  }
  return ALL_FINITE;
}

/**
 * As {@link rangeOfRuns} for rows whose neighbours belong to neighbouring slices, as walkRows has
 * them.
 */
export function rangeOfRows(
  src: usize,
  n: u32,
  rowLength: u32,
  inRow: u32,
  mins: usize,
  maxs: usize,
): u32 {
  src += BASE;
  mins += BASE;
  maxs += BASE;
  const mask = i32x4.splat(0x7fffffff);
  let bits = i32x4.splat(0);
  let at: u32 = 0;
  let stretch: u32 = 0;
  while (at < n) {
    const length = min<u32>(min<u32>(rowLength - inRow, n - at), CHECKED);
    let p = src + (<usize>at << 2);
    let lo = mins + (<usize>inRow << 2);
    let hi = maxs + (<usize>inRow << 2);
    const end4 = p + (<usize>(length & ~3) << 2);
    while (p < end4) {
      const a = v128.load(p);
      bits = i32x4.max_s(bits, v128.and(a, mask));
      v128.store(lo, f32x4.pmin(v128.load(lo), a));
      v128.store(hi, f32x4.pmax(v128.load(hi), a));
      p += 16;
      lo += 16;
      hi += 16;
    }
    const end = src + (<usize>(at + length) << 2);
    while (p < end) {
      const x = load<f32>(p);
      bits = i32x4.max_s(bits, v128.and(v128.load32_zero(p), mask));
      store<f32>(lo, min<f32>(load<f32>(lo), x));
      store<f32>(hi, max<f32>(load<f32>(hi), x));
      p += 4;
      lo += 4;
      hi += 4;
    }
    at += length;
    inRow += length;
    if (inRow == rowLength) inRow = 0;
    if (at - stretch >= CHECKED || at == n) {
      if (v128.any_true(i32x4.gt_s(bits, i32x4.splat(GREATEST_FINITE)))) return stretch;
      stretch = at;
    }
  }
  return ALL_FINITE;
}

/**
 * The signed symmetric scales of `n` ranges: max(high, -low) / qMax in double, rounded to float32,
 * at least the least normal one, 1 for an empty range. Overwrites `mins` with them.
 * @returns 0, or 1 when a range comes so near to the end of float32 that codes could overflow
 *   (nothing is promised then)
 */
export function symmetricScales(mins: usize, maxs: usize, n: u32, qMax: i32): i32 {
  mins += BASE;
  maxs += BASE;
  const q = <f64>qMax;
  const qq = f64x2.splat(q);
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const least = f32x4.splat(LEAST_NORMAL);
  let greatest = zero;
  for (let i = n >> 2; i > 0; i--) {
    const clip = f32x4.pmax(v128.load(maxs), f32x4.neg(v128.load(mins)));
    greatest = f32x4.pmax(greatest, clip);
    const low = f32x4.demote_f64x2_zero(f64x2.div(f64x2.promote_low_f32x4(clip), qq));
    const high = f32x4.demote_f64x2_zero(
      f64x2.div(f64x2.promote_low_f32x4(i64x2.shuffle(clip, clip, 1, 0)), qq),
    );
    const scale = f32x4.pmax(i64x2.shuffle(low, high, 0, 2), least);
    v128.store(mins, v128.bitselect(scale, one, f32x4.gt(clip, zero)));
    mins += 16;
    maxs += 16;
  }
  let over = v128.any_true(f32x4.gt(greatest, f32x4.splat(NEAR_END)));
  for (let i = n & 3; i > 0; i--) {
    const clip = max<f32>(load<f32>(maxs), -load<f32>(mins));
    over = over || clip > NEAR_END;
    store<f32>(mins, clip > 0 ? max<f32>(<f32>(<f64>clip / q), LEAST_NORMAL) : 1);
    mins += 4;
    maxs += 4;
  }
  return over ? 1 : 0;
}
