import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import { instanceFor } from "../simd/simd.js";
import { STAGE_IN, STAGE_OUT, STAGED_ELEMENTS } from "../simd/simd-instance.js";
import { requireInstance } from "./check-params.js";
import { createCodes } from "./code-range.js";
import { overlap } from "./overlap.js";
import { packedByteLength } from "./packed-byte-length.js";
import type { Codes, IntegerBits } from "./params.js";

/** Below this, staging costs more than it gains. */
const FEWEST = 64;

/**
 * The codes that {@link packBits} packed; unused bits at the end are not read.
 * @param length how many codes
 * @param signed two's complement (binary: -1 and +1) when true; ternary must be signed
 * @param out receives the codes, of the class {@link createCodes} gives (binary and unsigned:
 *   Uint8Array); may overlap `bytes`
 * @returns `out`, or a fresh array
 * @throws InvalidArgumentError when `bytes` is not exactly as long as `length` codes need, for bad
 *   `bits`, or for an `out` of another class or length; InvalidDataError for a ternary byte above
 *   242
 */
export function unpackBits(
  bytes: Uint8Array,
  bits: IntegerBits,
  length: number,
  signed: boolean,
  out?: Codes,
): Codes {
  requireInstance(bytes, Uint8Array, "bytes", packedByteLength(length, bits));
  if (bits === 1.58) {
    if (!signed)
      throw new InvalidArgumentError("signed", "signed is false; allowed: true for ternary codes");
    if (out !== undefined) requireInstance(out, Int8Array, "out", length);
    const trits = out ?? new Int8Array(length);
    return unpackTrits(apart(bytes, trits), trits);
  }
  const fresh = (count: number) =>
    bits === 1 && !signed ? new Uint8Array(count) : createCodes({ bits, signed }, count);
  if (out !== undefined)
    requireInstance(out, fresh(0).constructor as new () => Codes, "out", length);
  const codes = out ?? fresh(length);
  bytes = apart(bytes, codes);
  if (unpackSimd(bytes, bits, signed, codes)) return codes;
  if (bits === 8) {
    new Uint8Array(codes.buffer, codes.byteOffset, length).set(bytes);
    return codes;
  }
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

/**
 * The bytes, or a copy: a code takes more room than its bits, so also in place it would overwrite
 * what is still to be read.
 */
function apart(bytes: Uint8Array, codes: Codes): Uint8Array {
  return overlap(bytes, codes) ? bytes.slice() : bytes;
}

/** Unpacks 1 to 6 bits; false when the plain kernel must do it. */
function unpackSimd(bytes: Uint8Array, bits: IntegerBits, signed: boolean, codes: Codes): boolean {
  if (bits > 6 || codes.length < FEWEST) return false;
  const instance = instanceFor(codes, bytes);
  if (instance === undefined) return false;
  const sign = signed && bits > 1 ? 2 ** (bits - 1) : 0;
  const binary = signed && bits === 1 ? 1 : 0;
  const from = instance.addressOf(bytes);
  const to = instance.addressOf(codes);
  const most = from >= 0 && to >= 0 ? codes.length : STAGED_ELEMENTS;
  for (let start = 0; start < codes.length; start += most) {
    const length = Math.min(most, codes.length - start);
    const firstByte = (start * bits) / 8;
    if (from < 0) instance.copyIn(bytes, firstByte, Math.ceil((length * bits) / 8), STAGE_IN);
    const src = from >= 0 ? from + firstByte : STAGE_IN;
    const dst = to >= 0 ? to + start : STAGE_OUT;
    instance.kernels.unpack(src, dst, length, bits, sign, binary);
    if (to < 0) instance.copyOut(STAGE_OUT, length, codes, start);
  }
  return true;
}

function unpackTrits(bytes: Uint8Array, codes: Codes): Codes {
  const { length } = codes;
  let i = 0;
  for (let k = 0; k < bytes.length; k++) {
    let byte = bytes[k]!;
    if (byte > 242)
      throw new InvalidDataError(
        "bytes",
        `bytes[${k}] is ${byte}; allowed: 0 to 242 for ternary codes`,
      );
    for (const end = Math.min(i + 5, length); i < end; i++) {
      codes[i] = (byte % 3) - 1;
      byte = Math.floor(byte / 3);
    }
  }
  return codes;
}
