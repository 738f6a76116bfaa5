import { requireFinite } from "../numeric/find-non-finite.js";
import { requireInstance } from "../quantization/check-params.js";
import { createCodes } from "../quantization/code-range.js";
import { overlap } from "../quantization/overlap.js";
import type { Codes, QuantizationParams } from "../quantization/params.js";
import { quantize } from "../quantization/quantize.js";
import { scaleLayout } from "../quantization/scale-layout.js";
import { forEachPiece } from "../quantization/scale-pieces.js";
import { QuantizationGranularity, QuantizationScheme } from "../quantization/scheme.js";
import { instanceFor } from "../simd/simd.js";
import {
  STAGE_IN,
  STAGE_OUT,
  STAGED_ELEMENTS,
  TABLE_A,
  TABLE_B,
  TABLE_ENTRIES,
} from "../simd/simd-instance.js";
import { KNOWN_FINITE, WalkOperation } from "../simd/simd-kernels.js";
import { type CalibrateOptions, calibrate, checkCalibrateOptions } from "./calibrate.js";
import { CalibrationMethod } from "./method.js";
import { checkPercentile, DEFAULT_PERCENTILE, rangeTarget } from "./range-target.js";

/** A quantized tensor. */
export interface Quantized {
  readonly params: QuantizationParams;
  readonly codes: Codes;
}

/**
 * `calibrate` and then `quantize`, the same bit for bit. Signed symmetric formats by groups along
 * the last axis with min-max ranges, as weights are mostly stored, are read once only.
 * @param out receives the codes, as for `quantize`
 * @throws as `calibrate` and `quantize` do; after InvalidDataError the contents of `out` are not
 *   defined
 */
export function calibrateAndQuantize(
  values: Float32Array,
  options: CalibrateOptions,
  out?: Codes,
): Quantized {
  checkCalibrateOptions(options);
  const fused = quantizeGroups(values, options, out);
  if (fused !== undefined) return fused;
  const params = calibrate(values, options);
  return { params, codes: quantize(values, params, out) };
}

/**
 * By groups in one pass, or undefined where the two passes must do it (they also say what is wrong
 * with the arguments).
 */
function quantizeGroups(
  values: Float32Array,
  options: CalibrateOptions,
  out: Codes | undefined,
): Quantized | undefined {
  const {
    method,
    scheme,
    granularity,
    axis = 0,
    groupSize = 0,
    percentile = DEFAULT_PERCENTILE,
  } = options;
  if (granularity !== QuantizationGranularity.PER_GROUP || method !== CalibrationMethod.MIN_MAX)
    return undefined;
  if (scheme !== QuantizationScheme.SYMMETRIC || !(values instanceof Float32Array))
    return undefined;
  checkPercentile(percentile);
  const { bits, signed, narrowRange, reduceRange, qMin, qMax } = rangeTarget(options, percentile);
  const shape = [...(options.shape ?? [values.length])];
  const layout = scaleLayout(shape, granularity, axis, groupSize);
  const { length, rowLength, runLength } = layout;
  if (bits < 2 || !signed || layout.kind !== "runs" || length !== values.length || length === 0)
    return undefined;
  // Blocks of whole groups.
  const unit = rowLength % runLength === 0 ? runLength : rowLength;
  if (unit > STAGED_ELEMENTS) return undefined;
  const codes = out ?? createCodes({ bits, signed }, length);
  if (out !== undefined)
    requireInstance(
      out,
      createCodes({ bits, signed }, 0).constructor as new () => Codes,
      "out",
      length,
    );
  const instance = instanceFor(values, codes);
  // Codes that overlap the values are for the plain kernels to sort out.
  if (instance === undefined || overlap(values, codes)) return undefined;
  const scale = new Float32Array(layout.count);
  const zeroPoint = new Int32Array(layout.count);
  const operation = bits <= 8 ? WalkOperation.QUANTIZE_I8 : WalkOperation.QUANTIZE_I16;
  const { kernels, f32, i32 } = instance;
  const valuesAt = instance.addressOf(values);
  const codesAt = instance.addressOf(codes);
  const codeBytes = codes.BYTES_PER_ELEMENT;
  const [a, b] = [TABLE_A >> 2, TABLE_B >> 2];
  // Pieces begin and end with a group.
  const runsPerRow = Math.ceil(rowLength / runLength);
  const runsBefore = (i: number) =>
    Math.floor(i / rowLength) * runsPerRow + Math.floor((i % rowLength) / runLength);
  // In an arena fewer, longer blocks; they still come from the cache the second time.
  const most = valuesAt >= 0 && codesAt >= 0 ? 4 * STAGED_ELEMENTS : STAGED_ELEMENTS;
  let plain = false;
  forEachPiece(layout, Math.floor(most / unit) * unit, TABLE_ENTRIES, (piece) => {
    const { start, length: n, inRow } = piece;
    const first = runsBefore(start);
    const runs = runsBefore(start + n) - first;
    let src = STAGE_IN;
    if (valuesAt >= 0) src = valuesAt + 4 * start;
    else instance.copyIn(values, 4 * start, 4 * n, STAGE_IN);
    f32.fill(Number.POSITIVE_INFINITY, a, a + runs);
    f32.fill(Number.NEGATIVE_INFINITY, b, b + runs);
    const bad =
      kernels.rangeOfRuns(src, n, rowLength, runLength, inRow, 0, runs + 1, TABLE_A, TABLE_B) >>> 0;
    if (bad < n) requireFinite(values, options.name ?? "values", start + bad);
    plain = kernels.symmetricScales(TABLE_A, TABLE_B, runs, qMax) !== 0;
    if (plain) return false;
    scale.set(f32.subarray(a, a + runs), first);
    i32.fill(0, b, b + runs);
    const dst = codesAt >= 0 ? codesAt + codeBytes * start : STAGE_OUT;
    kernels.walkRuns(
      operation + KNOWN_FINITE,
      src,
      dst,
      n,
      rowLength,
      runLength,
      inRow,
      0,
      runs + 1,
      TABLE_A,
      TABLE_B,
      qMin,
      qMax,
    );
    if (codesAt < 0) instance.copyOut(STAGE_OUT, codeBytes * n, codes, codeBytes * start);
    return true;
  });
  if (plain) return undefined;
  const params = {
    bits,
    signed,
    narrowRange,
    ...(reduceRange ? { reduceRange } : {}),
    scheme,
    granularity,
    shape,
    axis,
    groupSize,
    scale,
    zeroPoint,
  };
  return { params, codes };
}
