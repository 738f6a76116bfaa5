import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import {
  type Codes,
  codeRange,
  createCodes,
  INTEGER_BITS,
  type IntegerBits,
  packBits,
  packedByteLength,
  unpackBits,
} from "../../src/quantization/index.js";

/** Codes of one width with their signedness. */
const coded = fc
  .tuple(fc.constantFrom(...INTEGER_BITS), fc.boolean(), fc.integer({ min: 0, max: 40 }))
  .chain(([bits, flag, length]) => {
    const signed = bits === 1.58 ? true : flag;
    const { qMin, qMax } = codeRange({ bits, signed });
    const code =
      bits === 1 ? fc.constantFrom(signed ? -1 : 0, 1) : fc.integer({ min: qMin, max: qMax });
    return fc.array(code, { minLength: length, maxLength: length }).map((list) => {
      const codes: Codes =
        bits === 1 && !signed ? new Uint8Array(length) : createCodes({ bits, signed }, length);
      codes.set(list);
      return { bits, signed, codes };
    });
  });

/** The bit stream as a string, element by element. */
function referenceBytes(codes: Codes, bits: number, signed: boolean): number[] {
  let stream = "";
  for (const code of codes) {
    const unsigned = bits === 1 && signed ? (code + 1) / 2 : (code + 2 ** bits) % 2 ** bits;
    stream += [...unsigned.toString(2).padStart(bits, "0")].reverse().join("");
  }
  const bytes: number[] = [];
  for (let i = 0; i < stream.length; i += 8)
    bytes.push(Number.parseInt([...stream.slice(i, i + 8).padEnd(8, "0")].reverse().join(""), 2));
  return bytes;
}

describe("packBits and unpackBits", () => {
  it("round trip for every width, signedness and length", () => {
    fc.assert(
      fc.property(coded, ({ bits, signed, codes }) => {
        const bytes = packBits(codes, bits);
        expect(bytes.length).toBe(packedByteLength(codes.length, bits));
        expect(unpackBits(bytes, bits, codes.length, signed)).toEqual(codes);
      }),
      { numRuns: 1000 },
    );
  });

  it("lay the codes out as a stream of bits, lowest first", () => {
    fc.assert(
      fc.property(coded, ({ bits, signed, codes }) => {
        fc.pre(bits !== 1.58);
        expect([...packBits(codes, bits)]).toEqual(referenceBytes(codes, bits, signed));
      }),
      { numRuns: 1000 },
    );
  });

  it("match ONNX: the first element in the low bits, two's complement", () => {
    expect([...packBits(Int8Array.of(1, -8, 7), 4)]).toEqual([0x81, 0x07]);
    expect([...packBits(Uint8Array.of(1, 2, 3, 0, 2), 2)]).toEqual([0b00111001, 0b10]);
    expect([...packBits(Int8Array.of(-1, 1, 1), 1)]).toEqual([0b110]);
    expect([...packBits(Int16Array.of(-2, 258), 16)]).toEqual([0xfe, 0xff, 0x02, 0x01]);
  });

  it("put five trits into a byte, the first the least significant", () => {
    expect([...packBits(Int8Array.of(1, -1, 0, -1, -1, 1), 1.58)]).toEqual([2 + 9, 2]);
    expect([...packBits(Int8Array.of(1, 1, 1, 1, 1), 1.58)]).toEqual([242]);
    expect(packedByteLength(11, 1.58)).toBe(3);
    expect([0, 1, 8, 9].map((n) => packedByteLength(n, 3))).toEqual([0, 1, 3, 4]);
  });

  it("work on views at an offset", () => {
    const codes = Int8Array.of(99, 1, -2, 3).subarray(1);
    expect([...packBits(codes, 4)]).toEqual([0xe1, 0x03]);
    const bytes = Uint8Array.of(7, 0xe1, 0x03).subarray(1);
    expect([...unpackBits(bytes, 4, 3, true)]).toEqual([1, -2, 3]);
  });

  it.each<[Codes, IntegerBits]>([
    [Int8Array.of(0, 8), 4],
    [Int8Array.of(0, -9), 4],
    [Uint8Array.of(0, 16), 4],
    [Int8Array.of(1, 0), 1],
    [Int8Array.of(1, 2), 1],
    [Uint8Array.of(1, 2), 1],
    [Int8Array.of(0, 2), 1.58],
    [Int16Array.of(0, 128), 8],
    [Uint16Array.of(0, 256), 8],
    [Int8Array.of(0, 2), 2],
  ])("refuse the second code of %s for %s bits", (codes, bits) => {
    expect(() => packBits(codes, bits)).toThrow(InvalidDataError);
    expect(() => packBits(codes, bits)).toThrow(/codes\[1\] is -?\d+; allowed: /);
  });

  it("refuse wrong classes, lengths, widths and impossible ternary bytes", () => {
    expect(() => packBits([1] as never, 4)).toThrow(InvalidArgumentError);
    expect(() => packBits(Uint8Array.of(1), 1.58)).toThrow(/signed array/);
    expect(() => packBits(Int8Array.of(1), 7 as never)).toThrow(/bits is 7/);
    expect(() => unpackBits(new Uint8Array(2), 4, 5, true)).toThrow(
      /bytes has 2 elements; allowed: exactly 3/,
    );
    expect(() => unpackBits(new Uint8Array(1), 1.58, 5, false)).toThrow(InvalidArgumentError);
    expect(() => unpackBits(Uint8Array.of(243), 1.58, 5, true)).toThrow(InvalidDataError);
    for (const count of [-1, 0.5, Number.NaN, 2 ** 54])
      expect(() => packedByteLength(count, 4)).toThrow(/count is/);
  });
});
