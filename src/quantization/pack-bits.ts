import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import { codeRange } from "./code-range.js";
import { packedByteLength } from "./packed-byte-length.js";
import type { Codes, IntegerBits } from "./params.js";

/**
 * Packs codes into a little-endian bit stream, low bits first, as ONNX stores INT4 and INT2: the first code is in
 * the low bits of the first byte. Signed codes (Int8Array, Int16Array) are two's complement. Binary: -1 is bit
 * 0, +1 bit 1 (unsigned arrays: 0 and 1). Ternary: five trits a byte in base 3 (code + 1), the first the least
 * significant, 1.6 bits a weight. Unused bits are 0 (ternary: unused trits are 0).
 * @throws InvalidDataError when a code is outside the width's range; InvalidArgumentError for bad `bits`
 */
export function packBits(codes: Codes, bits: IntegerBits): Uint8Array {
  const bytes = new Uint8Array(packedByteLength(codes.length, bits));
  const signed = isSigned(codes);
  checkCodes(codes, bits, signed);
  if (bits === 1.58) return packTrits(codes, bytes);
  if (bits === 4) return packNibbles(codes, bytes);
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
    throw new InvalidDataError("codes", `codes[${i}] is ${code}; allowed: ${allowed} for ${bits} bits`);
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
    for (let i = Math.min(5 * k + 4, codes.length - 1); i >= 5 * k; i--) byte = 3 * byte + codes[i]! + 1;
    bytes[k] = byte;
  }
  return bytes;
}
