// Sums over slices in double precision. The order of addition is part of the result, and that of
// the plain kernels: a slice that lies in runs has four sums, by the position in the run modulo 4;
// one whose elements stand alone has one.

import { BASE } from "./base";

/** Bytes of the sums of a slice in runs: four float64 for each quantity. */
const QUANTITY: usize = 32;

/**
 * Adds `n` float32 to the sums of slices in runs, as walkRuns has them. With `y` (as many float32)
 * a slice has the sums of x^2 and of (x - y)^2; with `y` 0 those of x, of x^2 and of |x|.
 */
export function sumsOfRuns(
  x: usize,
  y: usize,
  n: u32,
  rowLength: u32,
  runLength: u32,
  inRow: u32,
  k: u32,
  count: u32,
  sums: usize,
): void {
  x += BASE;
  if (y != 0) y += BASE;
  sums += BASE;
  const stride: usize = y != 0 ? 2 * QUANTITY : 3 * QUANTITY;
  let inRun: u32 = inRow % runLength;
  let at: u32 = 0;
  while (at < n) {
    const length = min<u32>(min<u32>(runLength - inRun, rowLength - inRow), n - at);
    const from = x + (<usize>at << 2);
    const to = sums + <usize>k * stride;
    if (y != 0) errorsOfRun(from, y + (<usize>at << 2), length, inRun, to);
    else momentsOfRun(from, length, inRun, to);
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
}

@inline
function add(sum: usize, value: f64): void {
  store<f64>(sum, load<f64>(sum) + value);
}

@inline
function errorAt(x: usize, y: usize, sum: usize): void {
  const v = <f64>load<f32>(x);
  const e = v - <f64>load<f32>(y);
  add(sum, v * v);
  add(sum + QUANTITY, e * e);
}

@inline
function momentsAt(x: usize, sum: usize): void {
  const v = <f64>load<f32>(x);
  add(sum, v);
  add(sum + QUANTITY, v * v);
  add(sum + 2 * QUANTITY, abs<f64>(v));
}

@inline
function upper(v: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 1));
}

function errorsOfRun(x: usize, y: usize, n: u32, position: u32, sums: usize): void {
  const end = x + (<usize>n << 2);
  for (; (position & 3) != 0 && x < end; position++, x += 4, y += 4)
    errorAt(x, y, sums + ((position & 3) << 3));
  let signalA = v128.load(sums);
  let signalB = v128.load(sums, 16);
  let noiseA = v128.load(sums, 32);
  let noiseB = v128.load(sums, 48);
  for (; x + 16 <= end; x += 16, y += 16) {
    const v = v128.load(x);
    const w = v128.load(y);
    const a = f64x2.promote_low_f32x4(v);
    const b = upper(v);
    const ea = f64x2.sub(a, f64x2.promote_low_f32x4(w));
    const eb = f64x2.sub(b, upper(w));
    signalA = f64x2.add(signalA, f64x2.mul(a, a));
    signalB = f64x2.add(signalB, f64x2.mul(b, b));
    noiseA = f64x2.add(noiseA, f64x2.mul(ea, ea));
    noiseB = f64x2.add(noiseB, f64x2.mul(eb, eb));
  }
  v128.store(sums, signalA);
  v128.store(sums, signalB, 16);
  v128.store(sums, noiseA, 32);
  v128.store(sums, noiseB, 48);
  for (; x < end; x += 4, y += 4, sums += 8) errorAt(x, y, sums);
}

function momentsOfRun(x: usize, n: u32, position: u32, sums: usize): void {
  const end = x + (<usize>n << 2);
  for (; (position & 3) != 0 && x < end; position++, x += 4)
    momentsAt(x, sums + ((position & 3) << 3));
  let a1 = v128.load(sums);
  let b1 = v128.load(sums, 16);
  let a2 = v128.load(sums, 32);
  let b2 = v128.load(sums, 48);
  let a3 = v128.load(sums, 64);
  let b3 = v128.load(sums, 80);
  for (; x + 16 <= end; x += 16) {
    const v = v128.load(x);
    const a = f64x2.promote_low_f32x4(v);
    const b = upper(v);
    a1 = f64x2.add(a1, a);
    b1 = f64x2.add(b1, b);
    a2 = f64x2.add(a2, f64x2.mul(a, a));
    b2 = f64x2.add(b2, f64x2.mul(b, b));
    a3 = f64x2.add(a3, f64x2.abs(a));
    b3 = f64x2.add(b3, f64x2.abs(b));
  }
  v128.store(sums, a1);
  v128.store(sums, b1, 16);
  v128.store(sums, a2, 32);
  v128.store(sums, b2, 48);
  v128.store(sums, a3, 64);
  v128.store(sums, b3, 80);
  for (; x < end; x += 4, sums += 8) momentsAt(x, sums);
}

/**
 * As {@link sumsOfRuns} for rows whose neighbours belong to neighbouring slices, as walkRows has
 * them: `count` float64 of the first quantity, then of the next.
 */
export function sumsOfRows(
  x: usize,
  y: usize,
  n: u32,
  rowLength: u32,
  inRow: u32,
  count: u32,
  sums: usize,
): void {
  x += BASE;
  if (y != 0) y += BASE;
  sums += BASE;
  const quantity = <usize>count << 3;
  const end = x + (<usize>n << 2);
  while (x < end) {
    const stop = min<usize>(end, x + (<usize>(rowLength - inRow) << 2));
    let p = sums + (<usize>inRow << 3);
    inRow = 0;
    for (; x + 8 <= stop; x += 8, p += 16) {
      const v = f64x2.promote_low_f32x4(v128.load64_zero(x));
      if (y != 0) {
        const e = f64x2.sub(v, f64x2.promote_low_f32x4(v128.load64_zero(y)));
        addTwo(p, f64x2.mul(v, v));
        addTwo(p + quantity, f64x2.mul(e, e));
        y += 8;
      } else {
        addTwo(p, v);
        addTwo(p + quantity, f64x2.mul(v, v));
        addTwo(p + 2 * quantity, f64x2.abs(v));
      }
    }
    if (x < stop) {
      const v = <f64>load<f32>(x);
      if (y != 0) {
        const e = v - <f64>load<f32>(y);
        add(p, v * v);
        add(p + quantity, e * e);
        y += 4;
      } else {
        add(p, v);
        add(p + quantity, v * v);
        add(p + 2 * quantity, abs<f64>(v));
      }
      x += 4;
    }
  }
}

@inline
function addTwo(sum: usize, values: v128): void {
  v128.store(sum, f64x2.add(v128.load(sum), values));
}
