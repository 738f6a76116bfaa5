import { requireFinite } from "../numeric/find-non-finite.js";
import { ROUNDING_MAGIC } from "../numeric/round-half-even.js";
import { WalkOperation } from "../simd/simd-kernels.js";
import { checkParams, requireInstance } from "./check-params.js";
import { codeRange } from "./code-range.js";
import { apartFrom } from "./overlap.js";
import type { QuantizationParams } from "./params.js";
import { WALK_DONE, walkSimd } from "./walk-simd.js";

/**
 * `dequantize(quantize(values))` without the codes between, bit for bit the same.
 * @param values float32, row-major, as many as `params.shape` says
 * @param out receives the values; may be `values` itself or overlap it
 * @returns `out`, or a fresh array
 * @throws InvalidArgumentError for bad params or an `out` of another type or length;
 *   InvalidDataError for NaN or infinity, in which case the contents of `out` are not defined
 * @example
 * ```ts
 * import { calibrate, fakeQuantize } from "quantevo";
 *
 * const values = Float32Array.of(-1, 0, 0.5, 1);
 * const params = calibrate(values, { bits: 2, scheme: "symmetric", method: "min-max" });
 * fakeQuantize(values, params); // Float32Array [-1, 0, 0, 1]
 * ```
 */
export function fakeQuantize(
  values: Float32Array,
  params: QuantizationParams,
  out?: Float32Array,
): Float32Array {
  const layout = checkParams(params);
  requireInstance(values, Float32Array, "values", layout.length);
  if (out !== undefined) requireInstance(out, Float32Array, "out", layout.length);
  const result = out ?? new Float32Array(layout.length);
  values = apartFrom(result, values);
  const { scale, zeroPoint } = params;
  const binary = params.bits === 1;
  const { qMin, qMax } = codeRange(params);
  const operation = binary ? WalkOperation.FAKE_BINARY : WalkOperation.FAKE_QUANTIZE;
  const done = walkSimd(operation, values, result, layout, scale, zeroPoint, qMin, qMax);
  if (done === WALK_DONE) return result;
  requireFinite(values, "values", done);
  if (layout.kind === "runs") {
    const { count, runs, rowLength, runLength } = layout;
    let start = 0;
    let rowEnd = rowLength;
    let k = 0;
    for (let run = 0; run < runs; run++) {
      const end = Math.min(start + runLength, rowEnd);
      const s = scale[k]!;
      const z = zeroPoint[k]!;
      if (binary) signRun(values, result, start, end, s);
      else fakeRun(values, result, start, end, s, qMin - z, qMax - z);
      start = end;
      if (start === rowEnd) rowEnd += rowLength;
      if (++k === count) k = 0;
    }
    return result;
  }
  const { cycles, rowsPerCycle, rowsPerBlock, blocksPerCycle, rowLength } = layout;
  let start = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (let row = 0; row < rowsPerCycle; row++) {
      const base = (cycle * blocksPerCycle + Math.floor(row / rowsPerBlock)) * rowLength;
      if (binary) signRow(values, result, start, rowLength, scale, base);
      else fakeRow(values, result, start, rowLength, scale, zeroPoint, base, qMin, qMax);
      start += rowLength;
    }
  }
  return result;
}

function fakeRun(
  values: Float32Array,
  out: Float32Array,
  start: number,
  end: number,
  scale: number,
  low: number,
  high: number,
): void {
  const magic = ROUNDING_MAGIC; // a local: an import is loaded anew each time
  for (let i = start; i < end; i++) {
    const v = Math.max(low, Math.min(high, Math.fround(values[i]! / scale)));
    out[i] = (v + magic - magic) * scale;
  }
}

function fakeRow(
  values: Float32Array,
  out: Float32Array,
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
    const s = scale[base + j]!;
    const z = zeroPoint[base + j]!;
    const v = Math.max(qMin - z, Math.min(qMax - z, Math.fround(values[start + j]! / s)));
    out[start + j] = (v + magic - magic) * s;
  }
}

function signRun(
  values: Float32Array,
  out: Float32Array,
  start: number,
  end: number,
  scale: number,
): void {
  for (let i = start; i < end; i++) out[i] = values[i]! < 0 ? -scale : scale;
}

function signRow(
  values: Float32Array,
  out: Float32Array,
  start: number,
  length: number,
  scale: Float32Array,
  base: number,
): void {
  for (let j = 0; j < length; j++) {
    const s = scale[base + j]!;
    out[start + j] = values[start + j]! < 0 ? -s : s;
  }
}
