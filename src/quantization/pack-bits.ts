import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import { instanceFor } from "../simd/simd.js";
import { STAGE_IN, STAGE_OUT, STAGED_ELEMENTS } from "../simd/simd-instance.js";
import { requireAttached, requireInstance } from "./check-params.js";
import { codeRange } from "./code-range.js";
import { apartFrom, overlap } from "./overlap.js";
import { packedByteLength } from "./packed-byte-length.js";
import type { Codes, IntegerBits } from "./params.js";

/** Below this, staging costs more than it gains. */
const FEWEST = 64;

/**
 * Packs codes into a little-endian bit stream, low bits first, as ONNX stores INT4 and INT2: the
 * first code is in the low bits of the first byte. Signed codes (Int8Array, Int16Array) are two's
 * complement. Binary: -1 is bit 0, +1 bit 1 (unsigned arrays: 0 and 1). Ternary: five trits a byte
 * in base 3 (code + 1), the first the least significant, 1.6 bits a weight. Unused bits are 0
 * (ternary: unused trits are 0).
 * @param out receives the bytes, {@link packedByteLength} of them; may overlap `codes`
 * @returns `out`, or a fresh array
 * @throws InvalidDataError when a code is outside the width's range (the contents of `out` are not
 *   defined then); InvalidArgumentError for bad `bits` or an `out` of another class or length
 * @example
 * ```ts
 * import { packBits, unpackBits } from "quantevo";
 *
 * const bytes = packBits(Int8Array.of(1, -1, 7), 4); // Uint8Array [0xf1, 0x07]
 * unpackBits(bytes, 4, 3, true); // Int8Array [1, -1, 7]
 * ```
 */
export function packBits(codes: Codes, bits: IntegerBits, out?: Uint8Array): Uint8Array {
  const signed = isSigned(codes);
  requireAttached(codes, "codes");
  const length = packedByteLength(codes.length, bits);
  if (out !== undefined) requireInstance(out, Uint8Array, "out", length);
  const bytes = out ?? new Uint8Array(length);
  codes = apartFrom(bytes, codes);
  if (packSimd(codes, bits, signed, bytes)) return bytes;
  checkCodes(codes, bits, signed);
  if (bits === 1.58) return packTrits(codes, bytes);
  if (bits === 4) return packNibbles(codes, bytes);
  if (bits === 8 && codes.BYTES_PER_ELEMENT === 1) {
    bytes.set(new Uint8Array(codes.buffer, codes.byteOffset, codes.length));
    return bytes;
  }
  const shift = bits === 1 && signed ? 1 : 0;
  const mask = 2 ** bits - 1;
  let held = 0;
  let heldBits = 0;
  let at = 0;
  for (let i = 0; i < codes.length; i++) {
    // Binary -1, +1 become 0, 1 by (code + 1) >> 1.
    const code = shift === 0 ? codes[i]! : (codes[i]! + 1) >> 1;
    held |= (code & mask) << heldBits;
    heldBits += bits;
    while (heldBits >= 8) {
      bytes[at++] = held;
      held >>>= 8;
      heldBits -= 8;
    }
  }
  if (heldBits > 0) bytes[at] = held;
  return bytes;
}

/**
 * Packs bytes of 1 to 6 bits; false when the plain kernel must do it or must say which code is out
 * of range.
 */
function packSimd(codes: Codes, bits: IntegerBits, signed: boolean, bytes: Uint8Array): boolean {
  if (codes.BYTES_PER_ELEMENT !== 1 || bits === 1.58 || bits > 6 || codes.length < FEWEST)
    return false;
  const instance = instanceFor(codes, bytes);
  if (instance === undefined || overlap(codes, bytes)) return false;
  const binary = bits === 1;
  const { qMin, qMax } = binary && !signed ? { qMin: 0, qMax: 1 } : codeRange({ bits, signed });
  const odd = binary && signed ? 1 : 0;
  const from = instance.addressOf(codes);
  const to = instance.addressOf(bytes);
  const most = from >= 0 && to >= 0 ? codes.length : STAGED_ELEMENTS;
  for (let start = 0; start < codes.length; start += most) {
    const length = Math.min(most, codes.length - start);
    const firstByte = (start * bits) / 8;
    if (from < 0) instance.copyIn(codes, start, length, STAGE_IN);
    const src = from >= 0 ? from + start : STAGE_IN;
    const dst = to >= 0 ? to + firstByte : STAGE_OUT;
    if (instance.kernels.pack(src, dst, length, bits, qMin, qMax - qMin, odd) === 0) return false;
    if (to < 0) instance.copyOut(STAGE_OUT, Math.ceil((length * bits) / 8), bytes, firstByte);
  }
  return true;
}

function isSigned(codes: Codes): boolean {
  if (codes instanceof Int8Array || codes instanceof Int16Array) return true;
  if (codes instanceof Uint8Array || codes instanceof Uint16Array) return false;
  throw new InvalidArgumentError(
    "codes",
    "codes is of another class; allowed: Int8Array, Int16Array, Uint8Array, Uint16Array",
  );
}

function checkCodes(codes: Codes, bits: IntegerBits, signed: boolean): void {
  if (bits === 1.58 && !signed)
    throw new InvalidArgumentError(
      "codes",
      "codes is unsigned; allowed: a signed array for ternary codes -1, 0, +1",
    );
  const { qMin, qMax } = bits === 1 && !signed ? { qMin: 0, qMax: 1 } : codeRange({ bits, signed });
  const noZero = bits === 1 && signed;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code >= qMin && code <= qMax && !(noZero && code === 0)) continue;
    const allowed = noZero ? "-1 or +1" : `${qMin} to ${qMax}`;
    throw new InvalidDataError(
      "codes",
      `codes[${i}] is ${code}; allowed: ${allowed} for ${bits} bits`,
    );
  }
}

function packNibbles(codes: Codes, bytes: Uint8Array): Uint8Array {
  const pairs = codes.length >> 1;
  for (let k = 0; k < pairs; k++) bytes[k] = (codes[2 * k]! & 15) | (codes[2 * k + 1]! << 4);
  if (codes.length & 1) bytes[pairs] = codes[codes.length - 1]! & 15;
  return bytes;
}

function packTrits(codes: Codes, bytes: Uint8Array): Uint8Array {
  for (let k = 0; k < bytes.length; k++) {
    let byte = 0;
    for (let i = Math.min(5 * k + 4, codes.length - 1); i >= 5 * k; i--)
      byte = 3 * byte + codes[i]! + 1;
    bytes[k] = byte;
  }
  return bytes;
}
