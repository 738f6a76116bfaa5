import { requireFinite } from "../numeric/find-non-finite.js";
import { ROUNDING_MAGIC } from "../numeric/round-half-even.js";
import { WalkOperation } from "../simd/simd-kernels.js";
import { checkParams, requireInstance } from "./check-params.js";
import { codeRange, createCodes } from "./code-range.js";
import { apartFrom } from "./overlap.js";
import type { Codes, QuantizationParams } from "./params.js";
import { WALK_DONE, walkSimd } from "./walk-simd.js";

/**
 * Real values to integer codes, as ONNX QuantizeLinear
 * (https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html): `saturate(roundHalfEven(x / scale) +
 * zeroPoint)` with the division in float32. Binary (1 bit): -1 for x < 0, else +1. Ternary: rounds
 * to -1, 0, +1, so the threshold is half the scale and ties go to 0.
 * @param values float32, row-major, as many as `params.shape` says
 * @param out receives the codes: Int8Array for signed up to 8 bits, Uint8Array for unsigned, 16-bit
 *   arrays for 16; may overlap `values`
 * @returns `out`, or a fresh array
 * @throws InvalidArgumentError for bad params or an `out` of another type or length;
 *   InvalidDataError for NaN or infinity, in which case the contents of `out` are not defined
 * @example
 * ```ts
 * import { calibrate, quantize } from "quantevo";
 *
 * const values = Float32Array.of(-1, 0, 0.5, 1);
 * const params = calibrate(values, { bits: 8, scheme: "symmetric", method: "min-max" });
 * quantize(values, params); // Int8Array [-127, 0, 64, 127]
 * ```
 */
export function quantize(values: Float32Array, params: QuantizationParams, out?: Codes): Codes {
  const layout = checkParams(params);
  requireInstance(values, Float32Array, "values", layout.length);
  const codes = out ?? createCodes(params, layout.length);
  if (out !== undefined) {
    const type = createCodes(params, 0).constructor as new () => Codes;
    requireInstance(out, type, "out", layout.length);
  }
  values = apartFrom(codes, values);
  const { scale, zeroPoint, bits } = params;
  const { qMin, qMax } = codeRange(params);
  const operation = bits === 1 ? WalkOperation.QUANTIZE_BINARY : operationFor(codes);
  const done = walkSimd(operation, values, codes, layout, scale, zeroPoint, qMin, qMax);
  if (done === WALK_DONE) return codes;
  requireFinite(values, "values", done);
  if (bits === 1) {
    for (let i = 0; i < codes.length; i++) codes[i] = values[i]! < 0 ? -1 : 1;
    return codes;
  }
  if (layout.kind === "runs") {
    const { count, runs, rowLength, runLength } = layout;
    let start = 0;
    let rowEnd = rowLength;
    let k = 0;
    for (let run = 0; run < runs; run++) {
      const end = Math.min(start + runLength, rowEnd);
      quantizeRun(values, codes, start, end, scale[k]!, zeroPoint[k]!, qMin, qMax);
      start = end;
      if (start === rowEnd) rowEnd += rowLength;
      if (++k === count) k = 0;
    }
    return codes;
  }
  const { cycles, rowsPerCycle, rowsPerBlock, blocksPerCycle, rowLength } = layout;
  let start = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (let row = 0; row < rowsPerCycle; row++) {
      const base = (cycle * blocksPerCycle + Math.floor(row / rowsPerBlock)) * rowLength;
      quantizeRow(values, codes, start, rowLength, scale, zeroPoint, base, qMin, qMax);
      start += rowLength;
    }
  }
  return codes;
}

function operationFor(codes: Codes): WalkOperation {
  if (codes instanceof Int8Array) return WalkOperation.QUANTIZE_I8;
  if (codes instanceof Uint8Array) return WalkOperation.QUANTIZE_U8;
  return codes instanceof Int16Array ? WalkOperation.QUANTIZE_I16 : WalkOperation.QUANTIZE_U16;
}

// Clamping before rounding gives the same code, because the bounds are integers, and keeps the
// magic in range.

function quantizeRun(
  values: Float32Array,
  codes: Codes,
  start: number,
  end: number,
  scale: number,
  zeroPoint: number,
  qMin: number,
  qMax: number,
): void {
  const low = qMin - zeroPoint;
  const high = qMax - zeroPoint;
  const magic = ROUNDING_MAGIC; // a local: an import is loaded anew each time
  for (let i = start; i < end; i++) {
    const v = Math.max(low, Math.min(high, Math.fround(values[i]! / scale)));
    codes[i] = v + magic - magic + zeroPoint;
  }
}

function quantizeRow(
  values: Float32Array,
  codes: Codes,
  start: number,
  length: number,
  scale: Float32Array,
  zeroPoint: Int32Array,
  base: number,
  qMin: number,
  qMax: number,
): void {
  const magic = ROUNDING_MAGIC; // a local: an import is loaded anew each time
  for (let j = 0; j < length; j++) {
    const z = zeroPoint[base + j]!;
    const v = Math.max(
      qMin - z,
      Math.min(qMax - z, Math.fround(values[start + j]! / scale[base + j]!)),
    );
    codes[start + j] = v + magic - magic + z;
  }
}
