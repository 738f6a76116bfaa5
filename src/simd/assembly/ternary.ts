// The ternary scale with the least squared error: all thresholds, found by sorting.

import { BASE } from "./base";

/** Up to so many, inserting one by one is quicker than counting bytes. */
const FEW: u32 = 64;

/**
 * Makes `n` finite float32 into their magnitudes, ascending. By their bits, whose order is that of
 * the magnitudes: a radix sort by bytes (Knuth, The Art of Computer Programming 3, 5.2.5). `spare`
 * has room for as many, `tables` for 1024 uint32.
 */
function sortMagnitudes(values: usize, spare: usize, n: u32, tables: usize): void {
  const end = values + (<usize>n << 2);
  if (n <= FEW) {
    for (let p = values; p < end; p += 4) {
      const x = load<u32>(p) & 0x7fffffff;
      let q = p;
      for (; q > values && load<u32>(q - 4) > x; q -= 4) store<u32>(q, load<u32>(q - 4));
      store<u32>(q, x);
    }
    return;
  }
  memory.fill(tables, 0, 4096);
  for (let p = values; p < end; p += 4) {
    const x = load<u32>(p) & 0x7fffffff;
    store<u32>(p, x);
    count(tables + ((x & 255) << 2));
    count(tables + 1024 + (((x >> 8) & 255) << 2));
    count(tables + 2048 + (((x >> 16) & 255) << 2));
    count(tables + 3072 + ((x >> 24) << 2));
  }
  let from = values;
  let to = spare;
  for (let shift: u32 = 0; shift < 32; shift += 8) {
    const table = tables + (<usize>shift << 7);
    let before: u32 = 0;
    for (let p = table; p < table + 1024; p += 4) {
      const c = load<u32>(p);
      store<u32>(p, before);
      before += c;
    }
    const stop = from + (<usize>n << 2);
    for (let p = from; p < stop; p += 4) {
      const x = load<u32>(p);
      const slot = table + (((x >> shift) & 255) << 2);
      const at = load<u32>(slot);
      store<u32>(slot, at + 1);
      store<u32>(to + (<usize>at << 2), x);
    }
    const held = from;
    from = to;
    to = held;
  }
}

@inline
function count(p: usize): void {
  store<u32>(p, load<u32>(p) + 1);
}

/**
 * The scale with the greatest gain scale * (2 * sum - k * scale), where sum is that of the k
 * greatest magnitudes and scale sum / k or, for `powers`, the power of two nearest to that; 0 when
 * no k gains. Sorts the values. Arguments as for {@link sortMagnitudes}.
 */
export function ternaryScale(values: usize, spare: usize, n: u32, tables: usize, powers: i32): f64 {
  values += BASE;
  spare += BASE;
  tables += BASE;
  sortMagnitudes(values, spare, n, tables);
  let p = values + (<usize>n << 2);
  let sum: f64 = 0;
  let best: f64 = 0;
  let bestScale: f64 = 0;
  for (let k: f64 = 1; p > values; k++) {
    p -= 4;
    sum += <f64>load<f32>(p);
    let scale = sum / k;
    if (powers) scale = nearestPower(scale);
    const gain = scale * (2 * sum - k * scale);
    if (gain > best) {
      best = gain;
      bestScale = scale;
    }
  }
  return bestScale;
}

/** The power of two nearest to a positive value, 2^-126 to 2^127; 1 for 0. */
function nearestPower(value: f64): f64 {
  if (!(value > 0)) return 1;
  const exponent = max<i64>(-126, min<i64>(126, (reinterpret<i64>(value) >> 52) - 1023));
  const below = reinterpret<f64>((exponent + 1023) << 52);
  return value - below <= 2 * below - value ? below : 2 * below;
}
