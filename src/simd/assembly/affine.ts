// Quantize, fake-quantize and dequantize. All arithmetic is that of the TypeScript kernels: float32
// division, clamp, then rounding half to even by adding 1.5 * 2^23 (which also turns -0 into +0),
// so every bit is the same.

import { BASE } from "./base";
import { requireFinite } from "./finite";

/** 1.5 * 2^23, and its bits. */
const MAGIC: f32 = 12582912.0;
const MAGIC_BITS: i32 = 0x4b400000;

/** What a walk does to each element. The numbers are shared with ../operation.ts. */
const QUANTIZE_I8 = 0;
const QUANTIZE_U8 = 1;
const QUANTIZE_I16 = 2;
const QUANTIZE_U16 = 3;
const QUANTIZE_BINARY = 4;
const FAKE_QUANTIZE = 5;
const FAKE_BINARY = 6;
const DEQUANTIZE_I8 = 7;
const DEQUANTIZE_U8 = 8;
const DEQUANTIZE_I16 = 9;
const DEQUANTIZE_U16 = 10;

/** Added to an operation whose values were found finite before. */
const KNOWN_FINITE = 16;

/**
 * Elements checked at a time, before any of them is overwritten: 4 KiB, so they are still in the
 * first cache.
 */
const CHECKED: u32 = 1024;

/**
 * Runs from this length on are checked while they are quantized, shorter ones before, many at once.
 */
const LONG_RUN: u32 = 256;

/** Elements of a long run computed at a time. */
const FUSED: u32 = 4096;

/** A walk that found no NaN or infinity. */
const ALL_FINITE: u32 = 0xffffffff;

/**
 * Walks `n` elements whose scales lie in runs: rows of `rowLength` hold runs of `runLength`, the
 * last of a row perhaps shorter; scale `k` goes up by one a run and starts again after `count`. The
 * walk may start anywhere: `inRow` elements into a row, at run `k`.
 * @returns ALL_FINITE, or the first element of a stretch of at most 4096 that holds NaN or
 *   infinity; when `dst` is `src` nothing from it on was written
 */
export function walkRuns(
  op: i32,
  src: usize,
  dst: usize,
  n: u32,
  rowLength: u32,
  runLength: u32,
  inRow: u32,
  k: u32,
  count: u32,
  scales: usize,
  zeros: usize,
  qMin: i32,
  qMax: i32,
): u32 {
  src += BASE;
  dst += BASE;
  scales += BASE;
  zeros += BASE;
  const known = op & KNOWN_FINITE;
  op &= ~KNOWN_FINITE;
  const inBytes: usize = sourceBytes(op);
  const outBytes: usize = targetBytes(op);
  let at: u32 = 0;
  // Long runs are checked as they are computed, unless that would overwrite what was to be checked.
  const fused =
    !known &&
    op <= FAKE_QUANTIZE &&
    op != QUANTIZE_BINARY &&
    src != dst &&
    runLength >= LONG_RUN;
  let checked: u32 = known || fused || op >= DEQUANTIZE_I8 ? n : 0;
  let inRun: u32 = inRow % runLength;
  while (at < n) {
    if (at == checked) {
      const length = min<u32>(CHECKED, n - at);
      if (!requireFinite(src + (<usize>at << 2), length)) return at;
      checked += length;
    }
    let length = min<u32>(min<u32>(runLength - inRun, rowLength - inRow), checked - at);
    if (fused) length = min<u32>(length, FUSED);
    const scale = load<f32>(scales + (<usize>k << 2));
    const zero = load<i32>(zeros + (<usize>k << 2));
    const from = src + <usize>at * inBytes;
    const to = dst + <usize>at * outBytes;
    let sum = f32x4.splat(0);
    if (op == QUANTIZE_I8) sum = quantizeRun<i8>(from, to, length, scale, zero, qMin, qMax);
    else if (op == QUANTIZE_U8) sum = quantizeRun<u8>(from, to, length, scale, zero, qMin, qMax);
    else if (op == FAKE_QUANTIZE) sum = fakeRun(from, to, length, scale, qMin - zero, qMax - zero);
    else if (op == DEQUANTIZE_I8) dequantizeRun<i8>(from, to, length, scale, zero);
    else if (op == DEQUANTIZE_U8) dequantizeRun<u8>(from, to, length, scale, zero);
    else if (op == QUANTIZE_I16) sum = quantizeRun<i16>(from, to, length, scale, zero, qMin, qMax);
    else if (op == QUANTIZE_U16) sum = quantizeRun<u16>(from, to, length, scale, zero, qMin, qMax);
    else if (op == QUANTIZE_BINARY) signCodes(from, to, length);
    else if (op == FAKE_BINARY) signRun(from, to, length, scale);
    else if (op == DEQUANTIZE_I16) dequantizeRun<i16>(from, to, length, scale, zero);
    else dequantizeRun<u16>(from, to, length, scale, zero);
    // The sum of finite quotients may overflow too, so what it says is looked into.
    if (
      fused &&
      v128.any_true(f32x4.ne(f32x4.sub(sum, sum), f32x4.splat(0))) &&
      !requireFinite(from, length)
    )
      return at;
    at += length;
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
 * Walks `n` elements, rows of `rowLength` whose neighbours have neighbouring scales, the same for
 * every row. The walk starts `inRow` elements into a row. Returns as {@link walkRuns}.
 */
export function walkRows(
  op: i32,
  src: usize,
  dst: usize,
  n: u32,
  rowLength: u32,
  inRow: u32,
  scales: usize,
  zeros: usize,
  qMin: i32,
  qMax: i32,
): u32 {
  src += BASE;
  dst += BASE;
  scales += BASE;
  zeros += BASE;
  const known = op & KNOWN_FINITE;
  op &= ~KNOWN_FINITE;
  const inBytes: usize = sourceBytes(op);
  const outBytes: usize = targetBytes(op);
  let at: u32 = 0;
  let checked: u32 = known || op >= DEQUANTIZE_I8 ? n : 0;
  while (at < n) {
    if (at == checked) {
      const length = min<u32>(CHECKED, n - at);
      if (!requireFinite(src + (<usize>at << 2), length)) return at;
      checked += length;
    }
    const length = min<u32>(rowLength - inRow, checked - at);
    const s = scales + (<usize>inRow << 2);
    const z = zeros + (<usize>inRow << 2);
    const from = src + <usize>at * inBytes;
    const to = dst + <usize>at * outBytes;
    if (op == QUANTIZE_I8) quantizeRow<i8>(from, to, length, s, z, qMin, qMax);
    else if (op == QUANTIZE_U8) quantizeRow<u8>(from, to, length, s, z, qMin, qMax);
    else if (op == FAKE_QUANTIZE) fakeRow(from, to, length, s, z, qMin, qMax);
    else if (op == DEQUANTIZE_I8) dequantizeRow<i8>(from, to, length, s, z);
    else if (op == DEQUANTIZE_U8) dequantizeRow<u8>(from, to, length, s, z);
    else if (op == QUANTIZE_I16) quantizeRow<i16>(from, to, length, s, z, qMin, qMax);
    else if (op == QUANTIZE_U16) quantizeRow<u16>(from, to, length, s, z, qMin, qMax);
    else if (op == QUANTIZE_BINARY) signCodes(from, to, length);
    else if (op == FAKE_BINARY) signRow(from, to, length, s);
    else if (op == DEQUANTIZE_I16) dequantizeRow<i16>(from, to, length, s, z);
    else dequantizeRow<u16>(from, to, length, s, z);
    at += length;
    inRow += length;
    if (inRow == rowLength) inRow = 0;
  }
  return ALL_FINITE;
}

function sourceBytes(op: i32): usize {
  return op < DEQUANTIZE_I8 ? 4 : op < DEQUANTIZE_I16 ? 1 : 2;
}

function targetBytes(op: i32): usize {
  if (op >= FAKE_QUANTIZE) return 4;
  return op == QUANTIZE_I16 || op == QUANTIZE_U16 ? 2 : 1;
}

// ---- quantize

/** Four values to four rounded integers, the magic's bits still in them. */
@inline
function rounded(quotient: v128, low: v128, high: v128): v128 {
  return f32x4.add(f32x4.pmax(low, f32x4.pmin(high, quotient)), f32x4.splat(MAGIC));
}

@inline
function code(quotient: f32, low: f32, high: f32): i32 {
  return reinterpret<i32>(max<f32>(low, min<f32>(high, quotient)) + MAGIC) - MAGIC_BITS;
}

@inline
function storeSixteen<T>(dst: usize, a: v128, b: v128, c: v128, d: v128): void {
  if (sizeof<T>() == 1) {
    const ab = i16x8.narrow_i32x4_s(a, b);
    const cd = i16x8.narrow_i32x4_s(c, d);
    v128.store(dst, isSigned<T>() ? i8x16.narrow_i16x8_s(ab, cd) : i8x16.narrow_i16x8_u(ab, cd));
  } else {
    v128.store(dst, isSigned<T>() ? i16x8.narrow_i32x4_s(a, b) : i16x8.narrow_i32x4_u(a, b));
    v128.store(dst, isSigned<T>() ? i16x8.narrow_i32x4_s(c, d) : i16x8.narrow_i32x4_u(c, d), 16);
  }
}

/** Returns sums of the quotients, which are finite unless one of those is not or they overflow. */
function quantizeRun<T>(
  src: usize,
  dst: usize,
  n: u32,
  scale: f32,
  zero: i32,
  qMin: i32,
  qMax: i32,
): v128 {
  const low = <f32>(qMin - zero);
  const high = <f32>(qMax - zero);
  const s = f32x4.splat(scale);
  const lo = f32x4.splat(low);
  const hi = f32x4.splat(high);
  const o = i32x4.splat(MAGIC_BITS - zero);
  let sum = f32x4.splat(0);
  let sum2 = sum;
  const end16 = src + (<usize>(n & ~15) << 2);
  while (src < end16) {
    const a = f32x4.div(v128.load(src), s);
    const b = f32x4.div(v128.load(src, 16), s);
    const c = f32x4.div(v128.load(src, 32), s);
    const d = f32x4.div(v128.load(src, 48), s);
    sum = f32x4.add(sum, a);
    sum2 = f32x4.add(sum2, b);
    sum = f32x4.add(sum, c);
    sum2 = f32x4.add(sum2, d);
    storeSixteen<T>(
      dst,
      i32x4.sub(rounded(a, lo, hi), o),
      i32x4.sub(rounded(b, lo, hi), o),
      i32x4.sub(rounded(c, lo, hi), o),
      i32x4.sub(rounded(d, lo, hi), o),
    );
    src += 64;
    dst += 16 * sizeof<T>();
  }
  sum = f32x4.add(sum, sum2);
  for (let i = n & 15; i > 0; i--) {
    const v = load<f32>(src) / scale;
    sum = f32x4.add(sum, f32x4.splat(v));
    store<T>(dst, <T>(code(v, low, high) + zero));
    src += 4;
    dst += sizeof<T>();
  }
  return sum;
}

@inline
function rowCodes(src: usize, scales: usize, zeros: usize, qMin: v128, qMax: v128): v128 {
  const z = v128.load(zeros);
  const lo = f32x4.convert_i32x4_s(i32x4.sub(qMin, z));
  const hi = f32x4.convert_i32x4_s(i32x4.sub(qMax, z));
  return i32x4.add(
    i32x4.sub(
      rounded(f32x4.div(v128.load(src), v128.load(scales)), lo, hi),
      i32x4.splat(MAGIC_BITS),
    ),
    z,
  );
}

function quantizeRow<T>(
  src: usize,
  dst: usize,
  n: u32,
  scales: usize,
  zeros: usize,
  qMin: i32,
  qMax: i32,
): void {
  const lo = i32x4.splat(qMin);
  const hi = i32x4.splat(qMax);
  const end16 = src + (<usize>(n & ~15) << 2);
  while (src < end16) {
    const a = rowCodes(src, scales, zeros, lo, hi);
    const b = rowCodes(src + 16, scales + 16, zeros + 16, lo, hi);
    const c = rowCodes(src + 32, scales + 32, zeros + 32, lo, hi);
    const d = rowCodes(src + 48, scales + 48, zeros + 48, lo, hi);
    storeSixteen<T>(dst, a, b, c, d);
    src += 64;
    scales += 64;
    zeros += 64;
    dst += 16 * sizeof<T>();
  }
  for (let i = n & 15; i > 0; i--) {
    const z = load<i32>(zeros);
    store<T>(
      dst,
      <T>(code(load<f32>(src) / load<f32>(scales), <f32>(qMin - z), <f32>(qMax - z)) + z),
    );
    src += 4;
    scales += 4;
    zeros += 4;
    dst += sizeof<T>();
  }
}

/** -1 for x < 0, else +1. */
function signCodes(src: usize, dst: usize, n: u32): void {
  const zero = f32x4.splat(0);
  const one = i32x4.splat(1);
  const end16 = src + (<usize>(n & ~15) << 2);
  while (src < end16) {
    const a = v128.or(f32x4.lt(v128.load(src), zero), one);
    const b = v128.or(f32x4.lt(v128.load(src, 16), zero), one);
    const c = v128.or(f32x4.lt(v128.load(src, 32), zero), one);
    const d = v128.or(f32x4.lt(v128.load(src, 48), zero), one);
    storeSixteen<i8>(dst, a, b, c, d);
    src += 64;
    dst += 16;
  }
  for (let i = n & 15; i > 0; i--) {
    store<i8>(dst, load<f32>(src) < 0 ? -1 : 1);
    src += 4;
    dst++;
  }
}

// ---- fake-quantize

@inline
function reconstructed(quotient: v128, scale: v128, low: v128, high: v128): v128 {
  return f32x4.mul(f32x4.sub(rounded(quotient, low, high), f32x4.splat(MAGIC)), scale);
}

@inline
function reconstruct(quotient: f32, scale: f32, low: f32, high: f32): f32 {
  return (max<f32>(low, min<f32>(high, quotient)) + MAGIC - MAGIC) * scale;
}

/** Returns sums of the quotients, as quantizeRun. */
function fakeRun(src: usize, dst: usize, n: u32, scale: f32, qLow: i32, qHigh: i32): v128 {
  const low = <f32>qLow;
  const high = <f32>qHigh;
  const s = f32x4.splat(scale);
  const lo = f32x4.splat(low);
  const hi = f32x4.splat(high);
  let sum = f32x4.splat(0);
  let sum2 = sum;
  const end16 = src + (<usize>(n & ~15) << 2);
  while (src < end16) {
    const a = f32x4.div(v128.load(src), s);
    const b = f32x4.div(v128.load(src, 16), s);
    const c = f32x4.div(v128.load(src, 32), s);
    const d = f32x4.div(v128.load(src, 48), s);
    sum = f32x4.add(sum, a);
    sum2 = f32x4.add(sum2, b);
    sum = f32x4.add(sum, c);
    sum2 = f32x4.add(sum2, d);
    v128.store(dst, reconstructed(a, s, lo, hi));
    v128.store(dst, reconstructed(b, s, lo, hi), 16);
    v128.store(dst, reconstructed(c, s, lo, hi), 32);
    v128.store(dst, reconstructed(d, s, lo, hi), 48);
    src += 64;
    dst += 64;
  }
  sum = f32x4.add(sum, sum2);
  for (let i = n & 15; i > 0; i--) {
    const v = load<f32>(src) / scale;
    sum = f32x4.add(sum, f32x4.splat(v));
    store<f32>(dst, reconstruct(v, scale, low, high));
    src += 4;
    dst += 4;
  }
  return sum;
}

function fakeRow(
  src: usize,
  dst: usize,
  n: u32,
  scales: usize,
  zeros: usize,
  qMin: i32,
  qMax: i32,
): void {
  const lo = i32x4.splat(qMin);
  const hi = i32x4.splat(qMax);
  const end4 = src + (<usize>(n & ~3) << 2);
  while (src < end4) {
    const z = v128.load(zeros);
    const low = f32x4.convert_i32x4_s(i32x4.sub(lo, z));
    const high = f32x4.convert_i32x4_s(i32x4.sub(hi, z));
    v128.store(
      dst,
      reconstructed(f32x4.div(v128.load(src), v128.load(scales)), v128.load(scales), low, high),
    );
    src += 16;
    scales += 16;
    zeros += 16;
    dst += 16;
  }
  for (let i = n & 3; i > 0; i--) {
    const z = load<i32>(zeros);
    store<f32>(
      dst,
      reconstruct(
        load<f32>(src) / load<f32>(scales),
        load<f32>(scales),
        <f32>(qMin - z),
        <f32>(qMax - z),
      ),
    );
    src += 4;
    scales += 4;
    zeros += 4;
    dst += 4;
  }
}

function signRun(src: usize, dst: usize, n: u32, scale: f32): void {
  const s = f32x4.splat(scale);
  const minus = f32x4.splat(-scale);
  const zero = f32x4.splat(0);
  const end4 = src + (<usize>(n & ~3) << 2);
  while (src < end4) {
    v128.store(dst, v128.bitselect(minus, s, f32x4.lt(v128.load(src), zero)));
    src += 16;
    dst += 16;
  }
  for (let i = n & 3; i > 0; i--) {
    store<f32>(dst, load<f32>(src) < 0 ? -scale : scale);
    src += 4;
    dst += 4;
  }
}

function signRow(src: usize, dst: usize, n: u32, scales: usize): void {
  const zero = f32x4.splat(0);
  const end4 = src + (<usize>(n & ~3) << 2);
  while (src < end4) {
    const s = v128.load(scales);
    v128.store(dst, v128.bitselect(f32x4.neg(s), s, f32x4.lt(v128.load(src), zero)));
    src += 16;
    scales += 16;
    dst += 16;
  }
  for (let i = n & 3; i > 0; i--) {
    const s = load<f32>(scales);
    store<f32>(dst, load<f32>(src) < 0 ? -s : s);
    src += 4;
    scales += 4;
    dst += 4;
  }
}

// ---- dequantize

/** Four codes as 32-bit integers, from `index` * 4 codes after `src`. */
@inline
function fourCodes<T>(src: usize): v128 {
  if (sizeof<T>() == 1) {
    const bytes = v128.load32_zero(src);
    return isSigned<T>()
      ? i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(bytes))
      : i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
  }
  return isSigned<T>() ? v128.load_ext<i16>(src) : v128.load_ext<u16>(src);
}

@inline
function valuesOf(codes: v128, zero: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(codes, zero)), scale);
}

function dequantizeRun<T>(src: usize, dst: usize, n: u32, scale: f32, zero: i32): void {
  const s = f32x4.splat(scale);
  const z = i32x4.splat(zero);
  const end16 = src + <usize>(n & ~15) * sizeof<T>();
  while (src < end16) {
    if (sizeof<T>() == 1) {
      const bytes = v128.load(src);
      const a = isSigned<T>() ? i16x8.extend_low_i8x16_s(bytes) : i16x8.extend_low_i8x16_u(bytes);
      const b = isSigned<T>() ? i16x8.extend_high_i8x16_s(bytes) : i16x8.extend_high_i8x16_u(bytes);
      v128.store(dst, valuesOf(i32x4.extend_low_i16x8_s(a), z, s));
      v128.store(dst, valuesOf(i32x4.extend_high_i16x8_s(a), z, s), 16);
      v128.store(dst, valuesOf(i32x4.extend_low_i16x8_s(b), z, s), 32);
      v128.store(dst, valuesOf(i32x4.extend_high_i16x8_s(b), z, s), 48);
    } else {
      v128.store(dst, valuesOf(fourCodes<T>(src), z, s));
      v128.store(dst, valuesOf(fourCodes<T>(src + 8), z, s), 16);
      v128.store(dst, valuesOf(fourCodes<T>(src + 16), z, s), 32);
      v128.store(dst, valuesOf(fourCodes<T>(src + 24), z, s), 48);
    }
    src += 16 * sizeof<T>();
    dst += 64;
  }
  for (let i = n & 15; i > 0; i--) {
    store<f32>(dst, <f32>(<i32>load<T>(src) - zero) * scale);
    src += sizeof<T>();
    dst += 4;
  }
}

function dequantizeRow<T>(src: usize, dst: usize, n: u32, scales: usize, zeros: usize): void {
  const end4 = src + <usize>(n & ~3) * sizeof<T>();
  while (src < end4) {
    v128.store(dst, valuesOf(fourCodes<T>(src), v128.load(zeros), v128.load(scales)));
    src += 4 * sizeof<T>();
    scales += 16;
    zeros += 16;
    dst += 16;
  }
  for (let i = n & 3; i > 0; i--) {
    store<f32>(dst, <f32>(<i32>load<T>(src) - load<i32>(zeros)) * load<f32>(scales));
    src += sizeof<T>();
    scales += 4;
    zeros += 4;
    dst += 4;
  }
}
