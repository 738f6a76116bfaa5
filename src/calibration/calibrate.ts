import { checkFields } from "../check/check-fields.js";
import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import { requireFinite } from "../numeric/find-non-finite.js";
import { requireInstance } from "../quantization/check-params.js";
import type { QuantizationParams } from "../quantization/params.js";
import { type ScaleLayout, scaleLayout } from "../quantization/scale-layout.js";
import { QuantizationGranularity, QuantizationScheme } from "../quantization/scheme.js";
import { instanceFor, stagingInstance } from "../simd/simd.js";
import { SLICE, SLICE_ELEMENTS } from "../simd/simd-instance.js";
import { affineFormat } from "./affine-format.js";
import { binaryScales } from "./binary-scales.js";
import { chooseFormat } from "./choose-format.js";
import { CalibrationMethod } from "./method.js";
import type { CalibrationMethodName } from "./method-definition.js";
import { calibrationMethodOf } from "./method-registry.js";
import type { RangeRequest } from "./observer.js";
import { checkPercentile, DEFAULT_PERCENTILE, rangeTarget } from "./range-target.js";
import { requireChannels } from "./require-channels.js";
import { gatherSlice, greatestSlice } from "./sources/gather-slice.js";
import { sliceRanges } from "./sources/slice-ranges.js";
import { SliceSource } from "./sources/slice-source.js";
import { ternaryScales } from "./ternary-scales.js";

/** The format to calibrate for, and how the tensor is cut. */
export interface CalibrateOptions extends RangeRequest {
  /** Has no effect on 1 and 1.58 bits, whose scale minimises the squared error. */
  readonly method: CalibrationMethodName;
  /** Default per-tensor. */
  readonly granularity?: QuantizationGranularity;
  /** Default [values.length]; needed for per-channel. */
  readonly shape?: readonly number[];
  /** Channel axis or blocked axis; default 0, but needed for per-channel. */
  readonly axis?: number;
  /** Elements in a block along `axis`; needed for per-group. */
  readonly groupSize?: number;
  /** For the percentile method: above 50, at most 100; default 99.9. */
  readonly percentile?: number;
  /** The tensor's name, for messages; default "values". */
  readonly name?: string;
}

/**
 * Chooses scales and zero points for a tensor, slice by slice (tensor, channel or group). Symmetric
 * min-max is absmax / (2^(bits-1) - 1), full range and narrow alike; the asymmetric range always
 * contains 0; power-of-two scales have the exponent with the least squared error. Binary and
 * ternary parameters are signed with zero point 0, and symmetric where an asymmetric scheme was
 * asked for. Scales are positive normal float32: all-zero slices get 1 (binary: 2^-126).
 * @param values float32, row-major
 * @throws InvalidDataError when `values` is empty or holds NaN or infinity (names the tensor)
 * @throws InvalidArgumentError naming the option that is unknown, missing or out of range
 * @throws EvaluationError when a custom method gives no range
 * @example
 * ```ts
 * import { calibrate, quantize } from "quantevo";
 *
 * const weights = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
 * const params = calibrate(weights, {
 *   bits: 4,
 *   scheme: "symmetric",
 *   method: "mse",
 *   granularity: "per-channel",
 *   shape: [8, 8],
 *   axis: 0,
 * });
 * params.scale.length; // 8, one a channel
 * quantize(weights, params);
 * ```
 */
export function calibrate(values: Float32Array, options: CalibrateOptions): QuantizationParams {
  checkCalibrateOptions(options);
  const { percentile = DEFAULT_PERCENTILE, name = "values" } = options;
  const { granularity = QuantizationGranularity.PER_TENSOR, axis = 0 } = options;
  requireInstance(values, Float32Array, name);
  const method = calibrationMethodOf(options.method);
  checkPercentile(percentile);
  const target = rangeTarget(options, percentile);
  if (values.length === 0)
    throw new InvalidDataError(name, `${name} is empty; allowed: 1 element or more`);
  const shape = [...(options.shape ?? [values.length])];
  const groupSize =
    granularity === QuantizationGranularity.PER_GROUP ? (options.groupSize ?? 0) : 0;
  const layout = scaleLayout(shape, granularity, axis, groupSize);
  if (layout.length !== values.length) {
    const message =
      `shape is [${shape.join(", ")}], ${layout.length} elements; allowed: the ` +
      `${values.length} elements of ${name}`;
    throw new InvalidArgumentError("shape", message);
  }
  const scale = new Float32Array(layout.count);
  const zeroPoint = new Int32Array(layout.count);
  const { bits, narrowRange } = target;
  const reduced = target.reduceRange ? { reduceRange: true } : {};
  const base = {
    bits,
    narrowRange,
    ...reduced,
    granularity,
    shape,
    axis,
    groupSize,
    scale,
    zeroPoint,
  };
  if (
    bits >= 2 &&
    method.name === CalibrationMethod.MIN_MAX &&
    target.scheme !== QuantizationScheme.POWER_OF_TWO
  ) {
    const { min, max } = sliceRanges(values, layout, name);
    for (let k = 0; k < layout.count; k++) {
      const format = affineFormat(min[k]!, max[k]!, target);
      scale[k] = format.scale;
      zeroPoint[k] = format.zeroPoint;
    }
    return { ...base, scheme: target.scheme, signed: target.signed };
  }
  if (bits < 2) {
    const scheme =
      target.scheme === QuantizationScheme.ASYMMETRIC
        ? QuantizationScheme.SYMMETRIC
        : target.scheme;
    const leastErrorScales = bits === 1 ? binaryScales : ternaryScales;
    return { ...base, scale: leastErrorScales(values, layout, scheme, name), scheme, signed: true };
  }
  requireFinite(values, name);
  const source = new SliceSource();
  eachSlice(values, layout, (slice, k) => {
    source.load(slice);
    const format = chooseFormat(source, method, target);
    scale[k] = format.scale;
    zeroPoint[k] = format.zeroPoint;
  });
  return { ...base, scheme: target.scheme, signed: target.signed };
}

const OPTIONS: Readonly<Record<keyof CalibrateOptions, true>> = {
  ...{ bits: true, scheme: true, method: true, signed: true, narrowRange: true, reduceRange: true },
  ...{ granularity: true, shape: true, axis: true, groupSize: true, percentile: true, name: true },
};

/** Refuses unknown options, a shape that is no list, and channels that nobody named. */
export function checkCalibrateOptions(options: CalibrateOptions): void {
  checkFields(options, "options", Object.keys(OPTIONS));
  const { shape } = options;
  if (shape !== undefined && !Array.isArray(shape))
    throw new InvalidArgumentError(
      "shape",
      `shape is ${describeValue(shape)}; allowed: a list of integers from 0`,
    );
  requireChannels(options);
}

/**
 * Calls `visit` with each slice, to be read only: a copy, or where a copy is no use, the values
 * themselves.
 */
function eachSlice(
  values: Float32Array,
  layout: ScaleLayout,
  visit: (slice: Float32Array, index: number) => void,
): void {
  const greatest = greatestSlice(layout);
  if (layout.kind === "runs" && layout.runs === layout.count) {
    // Each slice is one run. Those of an arena are worked on where they are.
    if (greatest > SLICE_ELEMENTS || instanceFor(values) !== stagingInstance()) {
      let start = 0;
      for (let k = 0; k < layout.count; k++) {
        const inRow = start % layout.rowLength;
        const end = start + Math.min(layout.runLength, layout.rowLength - inRow);
        visit(values.subarray(start, end), k);
        start = end;
      }
      return;
    }
  }
  const instance = greatest <= SLICE_ELEMENTS ? stagingInstance() : undefined;
  const scratch =
    instance?.f32.subarray(SLICE >> 2, (SLICE >> 2) + greatest) ?? new Float32Array(greatest);
  for (let k = 0; k < layout.count; k++) {
    const length = gatherSlice(values, layout, k, scratch);
    visit(scratch.subarray(0, length), k);
  }
}
