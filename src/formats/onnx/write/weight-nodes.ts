import type { PlannedWeight } from "../../../deploy/deployment-plan.js";
import type { WeightOrder } from "../../../model/layer-spec.js";
import { inversePermutation } from "../../../numeric/permute-axes.js";
import { scaleShape } from "../../../quantization/index.js";
import { makeTensor } from "../graph/make-tensor.js";
import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";
import { dataTypeOf } from "./float-types.js";
import type { GraphWriter } from "./graph-writer.js";
import { scaleTensor, zeroPointTensor } from "./scale-tensors.js";
import { storageType } from "./storage-type.js";

/** A weight tensor that is written, and how the file holds it. */
export interface WrittenWeight {
  readonly weight: PlannedWeight;
  /** Shape of the stored tensor. */
  readonly dims: readonly number[];
  /** How the weights lie in another order than the stored tensor. */
  readonly order?: WeightOrder | undefined;
  /** Unsigned codes of 8 bits stay so; default false. */
  readonly keepUnsigned?: boolean;
}

/** Codes in INT8, and their scale and zero point for DequantizeLinear. */
export interface IntegerCodes {
  /** Shape of the stored tensor. */
  readonly codes: string;
  readonly scale: string;
  readonly zeroPoint: string;
  /** The axis of the stored tensor that scales lie along; undefined for one scale. */
  readonly axis: number | undefined;
}

/**
 * The codes in INT8, whatever they are stored in: ONNX Runtime has its best kernels for INT8
 * weights, and computes a Cast of a constant when it loads the file. Unsigned codes that are stored
 * in 8 bits are shifted to the middle of INT8, with their zero points.
 */
export function integerCodes(
  { weight, dims, order, keepUnsigned = false }: WrittenWeight,
  writer: GraphWriter,
): IntegerCodes {
  const { parameters: params, storage: stored, codes } = weight;
  const { dataType, bits } = storageType(stored);
  const unsigned = bits === 8 && !stored.signed;
  const shift = unsigned && !keepUnsigned ? 2 ** (params.bits - 1) : 0;
  // A Uint8Array keeps the low 8 bits, which are those of INT8.
  const bytes = shift > 0 ? codes.map((code) => code - shift) : codes;
  const eight = storageType({ bits: 8, signed: !unsigned || shift > 0 });
  const type = bits === 8 ? eight.dataType : dataType;
  const viewDims = order === undefined ? dims : permuted(order);
  let name = writer.store("q", (q) => makeTensor(q, viewDims, type, bytes));
  if (bits < 8) name = writer.emit("Cast", [name], { to: DataType.INT8 });
  if (order !== undefined) name = restored(name, dims, order, writer);
  const scaleDims = params.granularity === "per-tensor" ? [] : [params.scale.length];
  const zeroPoint = params.zeroPoint.map((code) => code - shift);
  return {
    codes: name,
    scale: writer.store("scale", (s) => scaleTensor(s, scaleDims, params.scale, false)),
    // Fusions into integer kernels ask for a zero point even where it is 0.
    zeroPoint: writer.store("zero_point", (z) => zeroPointTensor(z, scaleDims, zeroPoint, eight)),
    axis: params.granularity === "per-tensor" ? undefined : storedChannelAxis(weight, dims),
  };
}

/** DequantizeLinear of codes as the stored tensor, or with its axes in another order. */
export function dequantized(
  { codes, scale, zeroPoint, axis }: IntegerCodes,
  writer: GraphWriter,
  permutation?: readonly number[],
  output?: string,
): string {
  const moved =
    permutation === undefined ? codes : writer.emit("Transpose", [codes], { perm: permutation });
  const seen = axis === undefined ? undefined : (permutation?.indexOf(axis) ?? axis);
  return writer.emit(
    "DequantizeLinear",
    [moved, scale, zeroPoint],
    seen === undefined ? {} : { axis: seen },
    output,
  );
}

/**
 * The weights in float: (codes - zero points) * scales, in float32. ONNX Runtime computes it when
 * it loads the file, at every level but `disabled`. It would compute a DequantizeLinear at every
 * run.
 * The float32 product of a code and a scale is what DequantizeLinear yields, bit for bit.
 * @param output name of the stored tensor that is made again
 */
export function floatWeights(
  { weight, dims, order }: WrittenWeight,
  writer: GraphWriter,
  output: string,
): void {
  const { parameters: params, storage: stored, codes } = weight;
  const storage = storageType(stored);
  const { codeDims, scaleDims, block } = floatView(weight, dims, order);
  const float = { to: DataType.FLOAT };
  const q = writer.store("q", (name) => makeTensor(name, codeDims, storage.dataType, codes));
  const { float16Scale } = stored;
  let scale = writer.store("scale", (name) =>
    scaleTensor(name, scaleDims, params.scale, float16Scale),
  );
  if (float16Scale) scale = writer.emit("Cast", [scale], float);
  let value = writer.emit("Cast", [q], float);
  if (params.scheme === "asymmetric" && params.zeroPoint.some((code) => code !== 0)) {
    const stores = (name: string) => zeroPointTensor(name, scaleDims, params.zeroPoint, storage);
    const zero = writer.emit("Cast", [writer.store("zero_point", stores)], float);
    value = writer.emit("Sub", [value, spread(zero, block, writer)]);
  }
  const cast = stored.floatType !== "float32";
  const sameDims = order === undefined && sameShape(codeDims, dims);
  const last = (done: boolean) => (done ? output : undefined);
  const scaled = [value, spread(scale, block, writer)];
  value = writer.emit("Mul", scaled, {}, last(sameDims && !cast));
  if (order !== undefined) value = restored(value, dims, order, writer, last(!cast));
  else if (!sameDims)
    value = writer.emit("Reshape", [value, writer.integers("shape", dims)], {}, last(!cast));
  if (cast) writer.emit("Cast", [value], { to: dataTypeOf(stored.floatType) }, output);
}

/** Blocks of which the last is shorter: their scales are repeated for each element. */
interface RaggedBlocks {
  readonly axis: number;
  readonly extent: number;
  /** Shape of the scales, with an axis of 1 for the elements of a block behind `axis`. */
  readonly scaleDims: readonly number[];
  readonly groupSize: number;
}

/** Shapes of codes and scales that broadcast. */
interface FloatView {
  readonly codeDims: readonly number[];
  readonly scaleDims: readonly number[];
  readonly block?: RaggedBlocks;
}

function floatView(
  { parameters: params }: PlannedWeight,
  dims: readonly number[],
  order: WeightOrder | undefined,
): FloatView {
  const { shape, axis, granularity } = params;
  if (granularity === "per-tensor")
    return { codeDims: order === undefined ? dims : shape, scaleDims: [] };
  if (granularity === "per-channel") {
    const ones = (extents: readonly number[], channel: (k: number) => boolean) =>
      extents.map((extent, k) => (channel(k) ? extent : 1));
    if (order !== undefined) return { codeDims: shape, scaleDims: ones(shape, (k) => k === axis) };
    const stored = storedAxes(dims, shape)[axis]!;
    return { codeDims: dims, scaleDims: ones(dims, (k) => stored.includes(k)) };
  }
  const extent = shape[axis]!;
  const groupSize = Math.min(params.groupSize, extent);
  const blocks = scaleShape(shape, granularity, axis, groupSize);
  const before = shape.slice(0, axis);
  const after = shape.slice(axis + 1);
  const scaleDims = [...before, blocks[axis]!, 1, ...after];
  return extent % groupSize === 0
    ? { codeDims: [...before, blocks[axis]!, groupSize, ...after], scaleDims }
    : { codeDims: shape, scaleDims, block: { axis, extent, scaleDims, groupSize } };
}

/** Scales of ragged blocks, one for each element along the axis; other scales as they are. */
function spread(name: string, block: RaggedBlocks | undefined, writer: GraphWriter): string {
  if (block === undefined) return name;
  const { axis, extent, scaleDims, groupSize } = block;
  const wide = scaleDims.map((n, k) => (k === axis + 1 ? groupSize : n));
  const whole = scaleDims
    .filter((_, k) => k !== axis + 1)
    .map((n, k) => (k === axis ? n * groupSize : n));
  const expanded = writer.emit("Expand", [name, writer.integers("blocks", wide)]);
  const flat = writer.emit("Reshape", [expanded, writer.integers("padded", whole)]);
  return writer.emit("Slice", [
    flat,
    writer.integers("first", [0]),
    writer.integers("end", [extent]),
    writer.integers("axis", [axis]),
  ]);
}

/** A tensor in the order of the weights, put back in the order and shape of the stored tensor. */
function restored(
  name: string,
  dims: readonly number[],
  order: WeightOrder,
  writer: GraphWriter,
  output?: string,
): string {
  const split = writer.emit("Reshape", [name, writer.integers("order", permuted(order))]);
  const moved = writer.emit("Transpose", [split], {
    perm: inversePermutation(order.permutation),
  });
  return writer.emit("Reshape", [moved, writer.integers("shape", dims)], {}, output);
}

function permuted({ shape, permutation }: WeightOrder): number[] {
  return permutation.map((axis) => shape[axis]!);
}

/** The stored axis that per-channel scales lie along, where it is a single one. */
export function storedChannelAxis(
  { parameters: { shape, axis } }: PlannedWeight,
  dims: readonly number[],
): number {
  const axes = storedAxes(dims, shape)[axis]!;
  return axes.find((k) => dims[k] === shape[axis]) ?? axes[0]!;
}

/** The stored axes behind each axis of a view, which merges neighbours. */
function storedAxes(dims: readonly number[], view: readonly number[]): number[][] {
  let next = 0;
  const axes = view.map((extent) => {
    const own: number[] = [];
    for (let count = 1; next < dims.length && (own.length === 0 || count < extent); next++) {
      own.push(next);
      count *= dims[next]!;
    }
    return own;
  });
  return axes;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
