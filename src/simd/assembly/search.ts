// Squared errors of many formats in one pass over the data.

import { BASE } from "./base";

const MAGIC: f32 = 12582912.0;

/**
 * Adds to each of eight sums (float64) the squared errors that its format makes on `n` float32.
 * Formats are eight scales, eight least and eight greatest steps (float32 each). A lane is a
 * format, so that every sum is added up in the order of the data, as the plain kernel does. Stops
 * early once all sums are above `bound`.
 * @returns the elements taken
 */
export function squaredErrors(src: usize, n: u32, formats: usize, sums: usize, bound: f64): u32 {
  src += BASE;
  formats += BASE;
  sums += BASE;
  const magic = f32x4.splat(MAGIC);
  const scaleA = v128.load(formats);
  const scaleB = v128.load(formats, 16);
  const lowA = v128.load(formats, 32);
  const lowB = v128.load(formats, 48);
  const highA = v128.load(formats, 64);
  const highB = v128.load(formats, 80);
  let s0 = v128.load(sums);
  let s1 = v128.load(sums, 16);
  let s2 = v128.load(sums, 32);
  let s3 = v128.load(sums, 48);
  const limit = f64x2.splat(bound);
  const start = src;
  const end = src + (<usize>n << 2);
  while (src < end) {
    const stop = min<usize>(end, src + 1024);
    while (src < stop) {
      const x = v128.load32_splat(src);
      const xx = f64x2.promote_low_f32x4(x);
      const a = f32x4.mul(
        f32x4.sub(
          f32x4.add(f32x4.pmax(lowA, f32x4.pmin(highA, f32x4.div(x, scaleA))), magic),
          magic,
        ),
        scaleA,
      );
      const b = f32x4.mul(
        f32x4.sub(
          f32x4.add(f32x4.pmax(lowB, f32x4.pmin(highB, f32x4.div(x, scaleB))), magic),
          magic,
        ),
        scaleB,
      );
      const e0 = f64x2.sub(xx, f64x2.promote_low_f32x4(a));
      const e1 = f64x2.sub(xx, f64x2.promote_low_f32x4(i64x2.shuffle(a, a, 1, 1)));
      const e2 = f64x2.sub(xx, f64x2.promote_low_f32x4(b));
      const e3 = f64x2.sub(xx, f64x2.promote_low_f32x4(i64x2.shuffle(b, b, 1, 1)));
      s0 = f64x2.add(s0, f64x2.mul(e0, e0));
      s1 = f64x2.add(s1, f64x2.mul(e1, e1));
      s2 = f64x2.add(s2, f64x2.mul(e2, e2));
      s3 = f64x2.add(s3, f64x2.mul(e3, e3));
      src += 4;
    }
    const over = v128.and(
      v128.and(f64x2.gt(s0, limit), f64x2.gt(s1, limit)),
      v128.and(f64x2.gt(s2, limit), f64x2.gt(s3, limit)),
    );
    if (i64x2.all_true(over)) break;
  }
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
  v128.store(sums, s2, 32);
  v128.store(sums, s3, 48);
  return <u32>((src - start) >> 2);
}
