import { checkFields } from "../check/check-fields.js";
import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import { requireInstance } from "../quantization/check-params.js";
import { scaleLayout } from "../quantization/scale-layout.js";
import { QuantizationGranularity } from "../quantization/scheme.js";
import { SliceSums } from "../quantization/slice-sums.js";
import { requireChannels } from "./require-channels.js";
import { sliceRanges } from "./sources/slice-ranges.js";

/** How a tensor is cut for {@link tensorStatistics}. */
export interface StatisticsOptions {
  /** Default per-tensor. */
  readonly granularity?: QuantizationGranularity;
  /** Default [values.length]; needed for per-channel. */
  readonly shape?: readonly number[];
  /** Channel axis or blocked axis; default 0, but needed for per-channel. */
  readonly axis?: number;
  /** Elements in a block along `axis`; needed for per-group. */
  readonly groupSize?: number;
  /** The tensor's name, for messages; default "values". */
  readonly name?: string;
}

/**
 * Statistics of every slice (tensor, channel or group), in the order of the scales of `calibrate`.
 * Zeros are +0.
 */
export interface TensorStatistics {
  readonly min: Float32Array;
  readonly max: Float32Array;
  /** Greatest magnitude. */
  readonly absMax: Float32Array;
  readonly sum: Float64Array;
  /** Sum of x^2. */
  readonly sumOfSquares: Float64Array;
  /** Sum of |x|. */
  readonly sumOfMagnitudes: Float64Array;
}

/**
 * Extremes and sums of a tensor by slices, in one pass. Sums are in double precision, in an order
 * that depends on the layout alone.
 * @param values float32, row-major
 * @throws InvalidDataError when `values` is empty or holds NaN or infinity; InvalidArgumentError
 *   naming the option that is unknown, missing or out of range
 */
export function tensorStatistics(
  values: Float32Array,
  options: StatisticsOptions = {},
): TensorStatistics {
  checkFields(options, "options", ["granularity", "shape", "axis", "groupSize", "name"]);
  requireChannels(options);
  const {
    granularity = QuantizationGranularity.PER_TENSOR,
    axis = 0,
    groupSize = 0,
    name = "values",
  } = options;
  requireInstance(values, Float32Array, name);
  if (values.length === 0)
    throw new InvalidDataError(name, `${name} is empty; allowed: 1 element or more`);
  const shape = options.shape ?? [values.length];
  const layout = scaleLayout(shape, granularity, axis, groupSize);
  if (layout.length !== values.length)
    throw new InvalidArgumentError(
      "shape",
      `shape is [${shape.join(", ")}], ${layout.length} elements; allowed: the ` +
        `${values.length} elements of ${name}`,
    );
  const sums = new SliceSums(layout, "moments");
  const ranges = sliceRanges(values, layout, name, sums);
  const [sum, sumOfSquares, sumOfMagnitudes] = sums.totals() as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const min = ranges.min.map((x) => x + 0);
  const max = ranges.max.map((x) => x + 0);
  const absMax = max.map((x, k) => Math.max(x, -min[k]!));
  return { min, max, absMax, sum, sumOfSquares, sumOfMagnitudes };
}
