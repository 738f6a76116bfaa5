import { requireFinite } from "../numeric/find-non-finite.js";
import { COUNTERS, type SimdInstance, STAGE_OUT } from "../simd/simd-instance.js";
import { WalkOperation } from "../simd/simd-kernels.js";
import { checkParams, requireInstance } from "./check-params.js";
import { codeRange, createCodes } from "./code-range.js";
import { packBits } from "./pack-bits.js";
import { packedByteLength } from "./packed-byte-length.js";
import type { QuantizationParams } from "./params.js";
import { quantize } from "./quantize.js";
import type { ScalePiece } from "./scale-pieces.js";
import { WALK_DONE, walkSimd } from "./walk-simd.js";

/**
 * `packBits(quantize(values, params), params.bits)`, the same bytes, with no array of the codes
 * between where the SIMD kernels run and a code is of 1 to 6 bits.
 * @param values float32, row-major, as many as `params.shape` says
 * @param out receives the bytes, `packedByteLength` of them; may overlap `values`
 * @returns `out`, or a fresh array
 * @throws as `quantize` and `packBits` do; after InvalidDataError the contents of `out` are not
 *   defined
 */
export function quantizeAndPack(
  values: Float32Array,
  params: QuantizationParams,
  out?: Uint8Array,
): Uint8Array {
  const layout = checkParams(params);
  const { bits, signed, scale, zeroPoint } = params;
  requireInstance(values, Float32Array, "values", layout.length);
  const byteLength = packedByteLength(layout.length, bits);
  if (out !== undefined) requireInstance(out, Uint8Array, "out", byteLength);
  if (bits === 1.58 || bits > 6 || out?.buffer === values.buffer)
    return packBits(quantize(values, params), bits, out);
  const bytes = out ?? new Uint8Array(byteLength);
  const { qMin, qMax } = codeRange(params);
  const binary = bits === 1;
  const wide = signed ? WalkOperation.QUANTIZE_I8 : WalkOperation.QUANTIZE_U8;
  const operation = binary ? WalkOperation.QUANTIZE_BINARY : wide;
  const take = (instance: SimdInstance, { start, length }: ScalePiece): boolean => {
    const firstByte = (start * bits) / 8;
    if (!Number.isInteger(firstByte)) return false;
    const to = instance.addressOf(bytes);
    const dst = to < 0 ? COUNTERS : to + firstByte;
    instance.kernels.pack(STAGE_OUT, dst, length, bits, qMin, qMax - qMin, binary ? 1 : 0);
    if (to < 0) instance.copyOut(COUNTERS, Math.ceil((length * bits) / 8), bytes, firstByte);
    return true;
  };
  const none = createCodes(params, 0);
  const done = walkSimd(operation, values, none, layout, scale, zeroPoint, qMin, qMax, { take });
  if (done === WALK_DONE) return bytes;
  if (done !== undefined) requireFinite(values, "values", done);
  return packBits(quantize(values, params), bits, bytes);
}
