import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import { requireInstance } from "./check-params.js";
import { createCodes } from "./code-range.js";
import { packedByteLength } from "./packed-byte-length.js";
import type { Codes, IntegerBits } from "./params.js";

/**
 * The codes that {@link packBits} packed; unused bits at the end are not read.
 * @param length how many codes
 * @param signed two's complement (binary: -1 and +1) when true; ternary must be signed
 * @throws InvalidArgumentError when `bytes` is not exactly as long as `length` codes need, or for bad `bits`;
 *   InvalidDataError for a ternary byte above 242
 */
export function unpackBits(bytes: Uint8Array, bits: IntegerBits, length: number, signed: boolean): Codes {
  requireInstance(bytes, Uint8Array, "bytes", packedByteLength(length, bits));
  if (bits === 1.58) {
    if (!signed) throw new InvalidArgumentError("signed", "signed is false; allowed: true for ternary codes");
    return unpackTrits(bytes, length);
  }
  const codes = bits === 1 && !signed ? new Uint8Array(length) : createCodes({ bits, signed }, length);
  const mask = 2 ** bits - 1;
  const unused = 32 - bits;
  const twosComplement = signed && bits > 1;
  const binary = signed && bits === 1;
  let held = 0;
  let heldBits = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    while (heldBits < bits) {
      held |= bytes[at++]! << heldBits;
      heldBits += 8;
    }
    const code = held & mask;
    held >>>= bits;
    heldBits -= bits;
    if (twosComplement) codes[i] = (code << unused) >> unused;
    else codes[i] = binary ? 2 * code - 1 : code;
  }
  return codes;
}

function unpackTrits(bytes: Uint8Array, length: number): Codes {
  const codes = new Int8Array(length);
  let i = 0;
  for (let k = 0; k < bytes.length; k++) {
    let byte = bytes[k]!;
    if (byte > 242)
      throw new InvalidDataError("bytes", `bytes[${k}] is ${byte}; allowed: 0 to 242 for ternary codes`);
    for (const end = Math.min(i + 5, length); i < end; i++) {
      codes[i] = (byte % 3) - 1;
      byte = Math.floor(byte / 3);
    }
  }
  return codes;
}
