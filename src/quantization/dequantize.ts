import { WalkOperation } from "../simd/simd-kernels.js";
import { checkParams, requireInstance } from "./check-params.js";
import { createCodes } from "./code-range.js";
import { apartFrom } from "./overlap.js";
import type { Codes, QuantizationParams } from "./params.js";
import { WALK_DONE, walkSimd } from "./walk-simd.js";

/**
 * Integer codes to real values, as ONNX DequantizeLinear
 * (https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html): `(code - zeroPoint) * scale` in
 * float32. Codes are taken as they are, also outside the format's range.
 * @param codes the class {@link quantize} gives for these params
 * @param out receives the values; may overlap `codes`
 * @returns `out`, or a fresh array
 * @throws InvalidArgumentError for bad params, codes of another class or length, or an `out` of
 *   another length
 */
export function dequantize(
  codes: Codes,
  params: QuantizationParams,
  out?: Float32Array,
): Float32Array {
  const layout = checkParams(params);
  requireInstance(
    codes,
    createCodes(params, 0).constructor as new () => Codes,
    "codes",
    layout.length,
  );
  if (out !== undefined) requireInstance(out, Float32Array, "out", layout.length);
  const values = out ?? new Float32Array(layout.length);
  codes = apartFrom(values, codes);
  const { scale, zeroPoint } = params;
  if (walkSimd(operationFor(codes), codes, values, layout, scale, zeroPoint, 0, 0) === WALK_DONE)
    return values;
  if (layout.kind === "runs") {
    const { count, runs, rowLength, runLength } = layout;
    let start = 0;
    let rowEnd = rowLength;
    let k = 0;
    for (let run = 0; run < runs; run++) {
      const end = Math.min(start + runLength, rowEnd);
      dequantizeRun(codes, values, start, end, scale[k]!, zeroPoint[k]!);
      start = end;
      if (start === rowEnd) rowEnd += rowLength;
      if (++k === count) k = 0;
    }
    return values;
  }
  const { cycles, rowsPerCycle, rowsPerBlock, blocksPerCycle, rowLength } = layout;
  let start = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (let row = 0; row < rowsPerCycle; row++) {
      const base = (cycle * blocksPerCycle + Math.floor(row / rowsPerBlock)) * rowLength;
      for (let j = 0; j < rowLength; j++)
        values[start + j] = (codes[start + j]! - zeroPoint[base + j]!) * scale[base + j]!;
      start += rowLength;
    }
  }
  return values;
}

function operationFor(codes: Codes): WalkOperation {
  if (codes instanceof Int8Array) return WalkOperation.DEQUANTIZE_I8;
  if (codes instanceof Uint8Array) return WalkOperation.DEQUANTIZE_U8;
  return codes instanceof Int16Array ? WalkOperation.DEQUANTIZE_I16 : WalkOperation.DEQUANTIZE_U16;
}

// An integer under 2^17 times a float32 is exact in a double, so storing it rounds once, as float32
// does.
function dequantizeRun(
  codes: Codes,
  values: Float32Array,
  start: number,
  end: number,
  scale: number,
  zeroPoint: number,
): void {
  for (let i = start; i < end; i++) values[i] = (codes[i]! - zeroPoint) * scale;
}
