import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { QuantizationGranularity } from "./scheme.js";

const GRANULARITIES: readonly string[] = Object.values(QuantizationGranularity);

/**
 * Where the scales of a tensor lie. The tensor is read as [outer, extent, inner] around the axis,
 * cut into `blocks` blocks of `groupSize` along it. Kernels walk it in contiguous pieces:
 * - `runs`: pieces of one scale each. Rows of `rowLength` elements hold pieces of `runLength`, the
 *   last of a row perhaps shorter. The scale index goes up by one a piece and starts again after
 *   `count`.
 * - `rows`: pieces whose neighbours have neighbouring scales (channels on the last axis, or blocks
 *   along another). Of `cycles` times `rowsPerCycle` rows of `rowLength`, every `rowsPerBlock`
 *   share scales.
 */
export interface ScaleLayout {
  readonly granularity: QuantizationGranularity;
  /** Elements of the tensor. */
  readonly length: number;
  /** Scales. */
  readonly count: number;
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
  /** Elements of a block along the axis, at most all of it. */
  readonly groupSize: number;
  readonly blocks: number;
  readonly kind: "runs" | "rows";
  readonly rowLength: number;
  readonly runLength: number;
  readonly runs: number;
  readonly cycles: number;
  readonly rowsPerCycle: number;
  readonly rowsPerBlock: number;
  readonly blocksPerCycle: number;
}

/**
 * The layout of a tensor's scales.
 * @throws InvalidArgumentError when `shape`, `granularity`, `axis` or `groupSize` is out of range
 */
export function scaleLayout(
  shape: readonly number[],
  granularity: QuantizationGranularity,
  axis: number,
  groupSize: number,
): ScaleLayout {
  checkLayout(shape, granularity, axis, groupSize);
  // Object literals without spreading: this runs on every call of every kernel.
  if (granularity === QuantizationGranularity.PER_TENSOR) {
    const length = product(shape, 0, shape.length);
    return {
      granularity,
      length,
      count: 1,
      outer: 1,
      extent: 1,
      inner: length,
      groupSize: 1,
      blocks: 1,
      kind: "runs",
      rowLength: length,
      runLength: length,
      runs: length === 0 ? 0 : 1,
      cycles: 0,
      rowsPerCycle: 0,
      rowsPerBlock: 1,
      blocksPerCycle: 1,
    };
  }
  const outer = product(shape, 0, axis);
  const extent = shape[axis]!;
  const inner = product(shape, axis + 1, shape.length);
  const length = outer * extent * inner;
  if (granularity === QuantizationGranularity.PER_CHANNEL) {
    return {
      granularity,
      length,
      count: extent,
      outer,
      extent,
      inner,
      groupSize: 1,
      blocks: extent,
      kind: inner === 1 ? "rows" : "runs",
      rowLength: inner === 1 ? extent : inner,
      runLength: inner,
      runs: length === 0 ? 0 : outer * extent,
      cycles: 1,
      rowsPerCycle: outer,
      rowsPerBlock: Math.max(1, outer),
      blocksPerCycle: 1,
    };
  }
  const blocks = Math.ceil(extent / groupSize);
  // No block is longer than its axis: the kernels count in 32 bits.
  const blockSize = Math.max(1, Math.min(groupSize, extent));
  return {
    granularity,
    length,
    count: outer * blocks * inner,
    outer,
    extent,
    inner,
    groupSize: blockSize,
    blocks,
    kind: inner === 1 ? "runs" : "rows",
    rowLength: inner === 1 ? extent : inner,
    runLength: blockSize,
    runs: length === 0 ? 0 : outer * blocks,
    cycles: outer,
    rowsPerCycle: extent,
    rowsPerBlock: blockSize,
    blocksPerCycle: blocks,
  };
}

/**
 * The shape of the scale tensor, as ONNX stores it: [] per tensor, [channels] per channel, and
 * `shape` with `axis` replaced by ceil(extent / groupSize) per group.
 * @throws InvalidArgumentError as {@link scaleCount}
 */
export function scaleShape(
  shape: readonly number[],
  granularity: QuantizationGranularity,
  axis: number,
  groupSize: number,
): number[] {
  checkLayout(shape, granularity, axis, groupSize);
  if (granularity === QuantizationGranularity.PER_TENSOR) return [];
  if (granularity === QuantizationGranularity.PER_CHANNEL) return [shape[axis]!];
  return shape.map((extent, k) => (k === axis ? Math.ceil(extent / groupSize) : extent));
}

/**
 * How many scales a tensor has.
 * @throws InvalidArgumentError for a shape of other than non-negative integers, an axis outside the
 *   shape, or a group size below 1 (axis and group size only where the granularity reads them)
 */
export function scaleCount(
  shape: readonly number[],
  granularity: QuantizationGranularity,
  axis: number,
  groupSize: number,
): number {
  return product(scaleShape(shape, granularity, axis, groupSize), 0, shape.length);
}

function product(shape: readonly number[], from: number, to: number): number {
  let result = 1;
  for (let k = from; k < to && k < shape.length; k++) result *= shape[k]!;
  return result;
}

function checkLayout(
  shape: readonly number[],
  granularity: QuantizationGranularity,
  axis: number,
  groupSize: number,
): void {
  if (!Array.isArray(shape))
    throw new InvalidArgumentError(
      "shape",
      `shape is ${describeValue(shape)}; allowed: a list of integers from 0`,
    );
  if (!shape.every((extent) => Number.isInteger(extent) && extent >= 0)) {
    throw new InvalidArgumentError(
      "shape",
      `shape is [${shape.join(", ")}]; allowed: integers from 0, one for each axis`,
    );
  }
  if (!GRANULARITIES.includes(granularity)) {
    const allowed = GRANULARITIES.join(", ");
    const message = `granularity is ${describeValue(granularity)}; allowed: ${allowed}`;
    throw new InvalidArgumentError("granularity", message);
  }
  if (granularity === QuantizationGranularity.PER_TENSOR) return;
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
    const message =
      `axis is ${describeValue(axis)}; allowed: 0 to ${shape.length - 1} for shape ` +
      `[${shape.join(", ")}]`;
    throw new InvalidArgumentError("axis", message);
  }
  if (
    granularity === QuantizationGranularity.PER_GROUP &&
    !(Number.isInteger(groupSize) && groupSize >= 1)
  ) {
    throw new InvalidArgumentError(
      "groupSize",
      `groupSize is ${describeValue(groupSize)}; allowed: an integer from 1`,
    );
  }
}
