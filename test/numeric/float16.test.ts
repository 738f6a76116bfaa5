import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import {
  decodeFloat16,
  encodeFloat16,
  fromFloat16Bits,
  toFloat16Bits,
} from "../../src/numeric/float16.js";

/** The value of finite half bits by building the float32 with the same fields. */
function widen(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits >> 15;
  if (exponent === 0) return (sign ? -1 : 1) * (fraction / 1024) * 2 ** -14;
  view.setUint32(0, ((sign << 31) | ((exponent + 112) << 23) | (fraction << 13)) >>> 0);
  return view.getFloat32(0);
}

/** Nearest of all positive halves, ties to even bits, by a search in the full table. */
const table = Array.from({ length: 0x7c00 }, (_, bits) => widen(bits));
function nearest(x: number): number {
  let low = 0;
  let high = table.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (table[middle]! <= x) low = middle;
    else high = middle - 1;
  }
  const upper = low + 1 === table.length ? 65536 : table[low + 1]!;
  const toLower = x - table[low]!;
  const toUpper = upper - x;
  return toLower < toUpper || (toLower === toUpper && low % 2 === 0) ? low : low + 1;
}

describe("float16", () => {
  it("widens and narrows every one of the 65,536 bit patterns without loss", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = fromFloat16Bits(bits);
      if ((bits & 0x7c00) !== 0x7c00) expect(Object.is(value, widen(bits))).toBe(true);
      if (Number.isNaN(value)) expect(toFloat16Bits(value)).toBe(0x7e00);
      else if (toFloat16Bits(value) !== bits) expect(toFloat16Bits(value)).toBe(bits);
    }
    expect(fromFloat16Bits(0x7c00)).toBe(Number.POSITIVE_INFINITY);
    expect(fromFloat16Bits(0x3555)).toBe(0.333251953125);
    expect(fromFloat16Bits(0xfe00)).toBeNaN();
  });

  it("rounds to the nearest, ties to even, subnormals included", () => {
    const magnitudes = fc.oneof(
      fc.double({ min: 0, max: 70000, noNaN: true }),
      fc.double({ min: 0, max: 2 ** -13, noNaN: true }),
      fc.integer({ min: 0, max: 0x7bfe }).map((bits) => (table[bits]! + table[bits + 1]!) / 2),
    );
    fc.assert(
      fc.property(magnitudes, fc.boolean(), (x, negative) => {
        const expected = x >= 65520 ? 0x7c00 : nearest(x);
        expect(toFloat16Bits(negative ? -x : x)).toBe(negative ? expected | 0x8000 : expected);
      }),
      { numRuns: 3000 },
    );
  });

  it("converts arrays, into `out` when there is one", () => {
    const values = Float32Array.of(0, -0, 1, -2.5, 65504, 1e9, 2 ** -24);
    const bits = encodeFloat16(values);
    expect([...bits]).toEqual([0, 0x8000, 0x3c00, 0xc100, 0x7bff, 0x7c00, 1]);
    const out = new Float32Array(7);
    expect(decodeFloat16(bits, out)).toBe(out);
    expect(out[3]).toBe(-2.5);
    expect(() => encodeFloat16(values, new Uint16Array(6))).toThrow(InvalidArgumentError);
    expect(() => decodeFloat16(bits, new Float32Array(8))).toThrow(
      /out has 8 elements; allowed: exactly 7/,
    );
  });
});
