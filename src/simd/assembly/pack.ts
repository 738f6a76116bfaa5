// Codes of 1 to 6 bits, a byte each, to a little-endian bit stream and back.

import { BASE } from "./base";

/**
 * Packs `n` codes of `bits` (1..6). A code is right when code - least, as an unsigned byte, is at
 * most `span` and shares no bit with `odd` (1 where only every second code exists: binary -1 and
 * +1). Binary signed codes become 0 and 1, the others keep their low bits. @returns 1, or 0 when a
 * code is not right
 */
export function pack(
  src: usize,
  dst: usize,
  n: u32,
  bits: i32,
  least: i32,
  span: i32,
  odd: i32,
): i32 {
  src += BASE;
  dst += BASE;
  const l = i8x16.splat(<i8>least);
  const s = i8x16.splat(<i8>span);
  const o = i8x16.splat(<i8>odd);
  const low = (1 << bits) - 1;
  const mask = i8x16.splat(<i8>low);
  const binary = odd != 0;
  let wrong = i8x16.splat(0);
  const end = src + <usize>n;
  const dstEnd = dst + ((<usize>n * bits + 7) >> 3);
  if (bits == 4) {
    const nibble = i16x8.splat(0x0f);
    const high = i16x8.splat(0xf0);
    while (src + 32 <= end) {
      const a = v128.load(src);
      const b = v128.load(src, 16);
      wrong = v128.or(
        wrong,
        v128.or(i8x16.gt_u(i8x16.sub(a, l), s), i8x16.gt_u(i8x16.sub(b, l), s)),
      );
      v128.store(
        dst,
        i8x16.narrow_i16x8_u(
          v128.or(v128.and(a, nibble), v128.and(i16x8.shr_u(a, 4), high)),
          v128.or(v128.and(b, nibble), v128.and(i16x8.shr_u(b, 4), high)),
        ),
      );
      src += 32;
      dst += 16;
    }
  } else {
    const pairs = i16x8.splat(0xff);
    const quads = i32x4.splat(0xffff);
    const octets = i64x2.splat(0xffffffff);
    while (src + 16 <= end && dst + 8 + <usize>bits <= dstEnd) {
      let v = v128.load(src);
      const d = i8x16.sub(v, l);
      wrong = v128.or(wrong, v128.or(i8x16.gt_u(d, s), v128.and(d, o)));
      v = binary ? i8x16.shr_u(d, 1) : v;
      v = v128.and(v, mask);
      v = v128.or(v128.and(v, pairs), i16x8.shl(i16x8.shr_u(v, 8), bits));
      v = v128.or(v128.and(v, quads), i32x4.shl(i32x4.shr_u(v, 16), 2 * bits));
      v = v128.or(v128.and(v, octets), i64x2.shl(i64x2.shr_u(v, 32), 4 * bits));
      store<i64>(dst, i64x2.extract_lane(v, 0));
      store<i64>(dst + <usize>bits, i64x2.extract_lane(v, 1));
      src += 16;
      dst += 2 * <usize>bits;
    }
  }
  let bad: i32 = v128.any_true(wrong) ? 1 : 0;
  let held: u32 = 0;
  let heldBits: i32 = 0;
  while (src < end) {
    const byte = <i32>load<u8>(src++);
    const d = (byte - least) & 255;
    if (d > span || (d & odd) != 0) bad = 1;
    held |= <u32>((binary ? d >> 1 : byte) & low) << heldBits;
    heldBits += bits;
    if (heldBits >= 8) {
      store<u8>(dst++, <u8>held);
      held >>= 8;
      heldBits -= 8;
    }
  }
  if (heldBits > 0) store<u8>(dst, <u8>held);
  return bad ^ 1;
}

/**
 * Unpacks `n` codes of `bits` (1..6). `sign` is the sign bit of two's complement, 0 for unsigned
 * codes; `binary` makes 0 and 1 into -1 and +1.
 */
export function unpack(src: usize, dst: usize, n: u32, bits: i32, sign: i32, binary: i32): void {
  src += BASE;
  dst += BASE;
  const end = dst + <usize>n;
  const srcEnd = src + ((<usize>n * bits + 7) >> 3);
  const mask = (1 << bits) - 1;
  const h = i8x16.splat(<i8>sign);
  const one = i8x16.splat(1);
  if (bits == 4) {
    const low = i8x16.splat(15);
    while (dst + 32 <= end) {
      const v = v128.load(src);
      const even = v128.and(v, low);
      const odd = i8x16.shr_u(v, 4);
      const a = i8x16.shuffle(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const b = i8x16.shuffle(
        even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31,
      );
      v128.store(dst, i8x16.sub(v128.xor(a, h), h));
      v128.store(dst, i8x16.sub(v128.xor(b, h), h), 16);
      src += 16;
      dst += 32;
    }
  } else {
    const mask32 = i64x2.splat((<i64>1 << (4 * bits)) - 1);
    const mask16 = i32x4.splat((1 << (2 * bits)) - 1);
    const mask8 = i16x8.splat(<i16>mask);
    while (dst + 16 <= end && src + 8 + <usize>bits <= srcEnd) {
      let v = i64x2.replace_lane(i64x2.splat(load<i64>(src)), 1, load<i64>(src + <usize>bits));
      v = v128.or(v128.and(v, mask32), i64x2.shl(v128.and(i64x2.shr_u(v, 4 * bits), mask32), 32));
      v = v128.or(v128.and(v, mask16), i32x4.shl(v128.and(i32x4.shr_u(v, 2 * bits), mask16), 16));
      v = v128.or(v128.and(v, mask8), i16x8.shl(v128.and(i16x8.shr_u(v, bits), mask8), 8));
      v = binary ? i8x16.sub(i8x16.add(v, v), one) : i8x16.sub(v128.xor(v, h), h);
      v128.store(dst, v);
      src += 2 * <usize>bits;
      dst += 16;
    }
  }
  let held: u32 = 0;
  let heldBits: i32 = 0;
  while (dst < end) {
    if (heldBits < bits) {
      held |= <u32>load<u8>(src++) << heldBits;
      heldBits += 8;
    }
    const code = <i32>held & mask;
    held >>= bits;
    heldBits -= bits;
    store<u8>(dst++, <u8>(binary ? 2 * code - 1 : (code ^ sign) - sign));
  }
}
