import { BASE } from "./base";

const TWO_23: f32 = 8388608.0;
/** The bits of 2^23, 0x4b000000, times 4. */
const BIAS: u32 = 0x2c000000;

/**
 * Counts `n` finite float32 by magnitude: bin trunc(|x| * inverse), `inverse` a power of two.
 * `counts` holds four tables (so that equal neighbours do not wait for each other) of 2 * `bins`
 * uint32: x with the sign bit clear first, then x with it set. Zeros are counted too, in bin 0 of
 * their sign, and again in `zeros` (two uint32: +0, -0).
 */
export function countMagnitudes(
  src: usize,
  n: u32,
  inverse: f32,
  bins: u32,
  counts: usize,
  zeros: usize,
): void {
  src += BASE;
  counts += BASE;
  zeros += BASE;
  const mask = i32x4.splat(0x7fffffff);
  const inv = f32x4.splat(inverse);
  const table: usize = <usize>bins << 3;
  const t1 = counts + table;
  const t2 = t1 + table;
  const t3 = t2 + table;
  const side = i32x4.splat(bins);
  // An index comes with those bits, modulo 2^32.
  const b0 = counts - BIAS;
  const b1 = t1 - BIAS;
  const b2 = t2 - BIAS;
  const b3 = t3 - BIAS;
  let plus = i32x4.splat(0);
  let minus = plus;
  const end4 = src + (<usize>(n & ~3) << 2);
  while (src < end4) {
    const x = v128.load(src);
    const magnitude = v128.and(x, mask);
    const scaled = f32x4.mul(magnitude, inv);
    // The integer below, for what is less than 2^23: rounded by adding 2^23, and one less where
    // that went up. Its bits are the integer and those of 2^23.
    const nearest = f32x4.add(scaled, f32x4.splat(TWO_23));
    const up = f32x4.gt(f32x4.sub(nearest, f32x4.splat(TWO_23)), scaled);
    const negative = i32x4.shr_s(x, 31);
    const index = i32x4.shl(i32x4.add(i32x4.add(nearest, up), v128.and(negative, side)), 2);
    const zero = i32x4.eq(magnitude, i32x4.splat(0));
    plus = i32x4.sub(plus, zero);
    minus = i32x4.sub(minus, v128.and(zero, negative));
    const p0 = b0 + <usize>i32x4.extract_lane(index, 0);
    store<u32>(p0, load<u32>(p0) + 1);
    const p1 = b1 + <usize>i32x4.extract_lane(index, 1);
    store<u32>(p1, load<u32>(p1) + 1);
    const p2 = b2 + <usize>i32x4.extract_lane(index, 2);
    store<u32>(p2, load<u32>(p2) + 1);
    const p3 = b3 + <usize>i32x4.extract_lane(index, 3);
    store<u32>(p3, load<u32>(p3) + 1);
    src += 16;
  }
  let minusZero: u32 = sum(minus);
  let zero: u32 = sum(plus) - minusZero;
  for (let i = n & 3; i > 0; i--) {
    const bits = load<u32>(src);
    const bin = <u32>(load<f32>(src) < 0 ? -load<f32>(src) * inverse : load<f32>(src) * inverse);
    const p = counts + (<usize>(bin + (bits >> 31) * bins) << 2);
    store<u32>(p, load<u32>(p) + 1);
    if (bits == 0) zero++;
    if (bits == 0x80000000) minusZero++;
    src += 4;
  }
  store<u32>(zeros, load<u32>(zeros) + zero);
  store<u32>(zeros + 4, load<u32>(zeros + 4) + minusZero);
}

@inline
function sum(v: v128): u32 {
  return (
    i32x4.extract_lane(v, 0) +
    i32x4.extract_lane(v, 1) +
    i32x4.extract_lane(v, 2) +
    i32x4.extract_lane(v, 3)
  );
}
