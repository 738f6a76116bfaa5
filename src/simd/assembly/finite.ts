import { BASE } from "./base";

/**
 * True when none of the `n` float32 from `src` is NaN or infinite: all exponents are below the
 * greatest.
 */
export function requireFinite(src: usize, n: u32): bool {
  const mask = i32x4.splat(0x7fffffff);
  let a = i32x4.splat(0);
  let b = a;
  const end16 = src + (<usize>(n & ~15) << 2);
  while (src < end16) {
    a = i32x4.max_s(a, v128.and(v128.load(src), mask));
    b = i32x4.max_s(b, v128.and(v128.load(src, 16), mask));
    a = i32x4.max_s(a, v128.and(v128.load(src, 32), mask));
    b = i32x4.max_s(b, v128.and(v128.load(src, 48), mask));
    src += 64;
  }
  for (let i = n & 15; i > 0; i--) {
    a = i32x4.max_s(a, v128.and(v128.load32_splat(src), mask));
    src += 4;
  }
  return !v128.any_true(i32x4.gt_s(i32x4.max_s(a, b), i32x4.splat(0x7f7fffff)));
}

/**
 * The first of `n` float32, 1024 at a time, in whose stretch there is NaN or infinity; 0xffffffff
 * for none.
 */
export function findNonFinite(src: usize, n: u32): u32 {
  src += BASE;
  for (let at: u32 = 0; at < n; at += 1024) {
    if (!requireFinite(src + (<usize>at << 2), min<u32>(1024, n - at))) return at;
  }
  return 0xffffffff;
}
