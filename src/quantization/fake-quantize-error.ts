import { InvalidArgumentError } from "../errors.js";
import { requireFinite } from "../numeric/find-non-finite.js";
import { type SimdInstance, STAGE_OUT } from "../simd/simd-instance.js";
import { WalkOperation } from "../simd/simd-kernels.js";
import { checkParams, requireInstance } from "./check-params.js";
import { codeRange } from "./code-range.js";
import { fakeQuantize } from "./fake-quantize.js";
import { apartFrom } from "./overlap.js";
import type { QuantizationParams } from "./params.js";
import { sqnrDb } from "./quantization-error.js";
import { forEachPiece, type ScalePiece } from "./scale-pieces.js";
import { SliceSums, SUMMED_SLICES } from "./slice-sums.js";
import { WALK_DONE, walkSimd } from "./walk-simd.js";

/**
 * What a format loses on a tensor, of every slice (tensor, channel or group, one for each scale)
 * and of all.
 */
export interface FakeQuantizeError {
  /** Sum of x^2 of each slice. */
  readonly signal: Float64Array;
  /** Sum of (x - fakeQuantize(x))^2 of each slice. */
  readonly noise: Float64Array;
  /** Mean squared error of the tensor. */
  readonly mse: number;
  /** Signal-to-quantization-noise ratio of the tensor in dB, see {@link sqnrDb}. */
  readonly sqnrDb: number;
}

/**
 * `fakeQuantize` and its squared error in one pass. Each block is compared while it is in the
 * cache, so nothing of the tensor's size is written but `out`, where it is asked for. Sums are in
 * double precision, in an order that depends on the layout alone; the plain kernels give the same
 * bits.
 * @param values float32, row-major, as many as `params.shape` says
 * @param out receives the fake-quantized values; may be `values` itself or overlap it
 * @throws InvalidArgumentError for bad params, empty `values` or an `out` of another type or
 *   length; InvalidDataError for NaN or infinity, in which case the contents of `out` are not
 *   defined
 */
export function fakeQuantizeError(
  values: Float32Array,
  params: QuantizationParams,
  out?: Float32Array,
): FakeQuantizeError {
  const layout = checkParams(params);
  requireInstance(values, Float32Array, "values", layout.length);
  if (out !== undefined) requireInstance(out, Float32Array, "out", layout.length);
  if (values.length === 0)
    throw new InvalidArgumentError("values", "values is empty; allowed: 1 element or more");
  if (out !== undefined) values = apartFrom(out, values);
  const { scale, zeroPoint } = params;
  const { qMin, qMax } = codeRange(params);
  const operation = params.bits === 1 ? WalkOperation.FAKE_BINARY : WalkOperation.FAKE_QUANTIZE;
  let sums = new SliceSums(layout, "errors");
  const take = (instance: SimdInstance, piece: ScalePiece, source: number): boolean => {
    sums.addStaged(instance, piece, source, STAGE_OUT);
    if (out !== undefined) instance.copyOut(STAGE_OUT, 4 * piece.length, out, 4 * piece.start);
    return true;
  };
  const sink = { slices: SUMMED_SLICES, take };
  const none = new Float32Array(0);
  const done = walkSimd(operation, values, out ?? none, layout, scale, zeroPoint, qMin, qMax, sink);
  if (done !== WALK_DONE) {
    requireFinite(values, "values", done);
    const fake = fakeQuantize(values, params);
    sums = new SliceSums(layout, "errors");
    const whole = Number.POSITIVE_INFINITY;
    forEachPiece(layout, whole, whole, (piece) => {
      sums.add(piece, values, fake);
      return true;
    });
    out?.set(fake);
  }
  const [signal, noise] = sums.totals() as [Float64Array, Float64Array];
  const total = (list: Float64Array) => list.reduce((sum, x) => sum + x, 0);
  const allNoise = total(noise);
  return { signal, noise, mse: allNoise / values.length, sqnrDb: sqnrDb(total(signal), allNoise) };
}
