import { quoteName } from "../../../check/quote-name.js";
import { InvalidDataError, InvalidModelError, UnsupportedError } from "../../../errors.js";
import { fromBfloat16Bits, fromFloat16Bits } from "../../../numeric/float16.js";
import { LIMITS } from "../wire/limits.js";
import {
  TensorProto_DataType as DataType,
  type TensorProto,
  TensorProto_DataLocation,
} from "../wire/onnx_pb.js";
import { elementBits, elementTypeName, isFloatType, isIntegerType } from "./element-type.js";

/**
 * The shape of a stored tensor as plain numbers; empty for a scalar.
 * @throws InvalidModelError for a negative extent, a rank or an element count past {@link LIMITS}
 */
export function tensorDims(tensor: TensorProto, name = tensor.name): number[] {
  if (tensor.dims.length > LIMITS.rank) {
    const message =
      `tensor ${quoteName(name)} has ${tensor.dims.length} dimensions; ` + `at most ${LIMITS.rank}`;
    throw new InvalidModelError(name, message);
  }
  const dims: number[] = [];
  let count = 1;
  for (const extent of tensor.dims) {
    const size = Number(extent);
    count *= Math.max(size, 1);
    if (size < 0 || count > LIMITS.elements) {
      const message =
        `tensor ${quoteName(name)} has shape [${tensor.dims.join(", ")}]; extents are at least ` +
        `0 and at most ${LIMITS.elements} elements in all`;
      throw new InvalidModelError(name, message);
    }
    dims.push(size);
  }
  return dims;
}

/**
 * The typed field that holds a type's elements when `raw_data` does not, and how many elements an
 * entry stands for.
 */
function typedLength(tensor: TensorProto): number {
  const bits = elementBits(tensor.dataType);
  switch (tensor.dataType) {
    case DataType.FLOAT:
      return tensor.floatData.length;
    case DataType.COMPLEX64:
      return tensor.floatData.length / 2;
    case DataType.DOUBLE:
      return tensor.doubleData.length;
    case DataType.COMPLEX128:
      return tensor.doubleData.length / 2;
    case DataType.INT64:
      return tensor.int64Data.length;
    case DataType.UINT32:
    case DataType.UINT64:
      return tensor.uint64Data.length;
    case DataType.STRING:
      return tensor.stringData.length;
    default:
      return tensor.int32Data.length * (bits === undefined ? 1 : Math.max(1, Math.floor(8 / bits)));
  }
}

/**
 * Checks that a tensor's declared shape and type are matched by data that is really there.
 * @returns its shape
 * @throws UnsupportedError for external or segmented data; InvalidModelError when sizes contradict
 */
export function checkTensor(tensor: TensorProto, name = tensor.name): number[] {
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL || tensor.externalData.length > 0) {
    const message =
      `tensor ${quoteName(name)} keeps its data in another file, which was not read; load the ` +
      "model with loadOnnxModel";
    throw new UnsupportedError(name, message);
  }
  if (tensor.segment !== undefined)
    throw new UnsupportedError(
      name,
      `tensor ${quoteName(name)} is stored in segments; save it whole`,
    );
  const dims = tensorDims(tensor, name);
  const count = dims.reduce((product, extent) => product * extent, 1);
  const type = elementTypeName(tensor.dataType);
  const bits = elementBits(tensor.dataType);
  if (bits === undefined && tensor.dataType !== DataType.STRING)
    throw new InvalidModelError(
      name,
      `tensor ${quoteName(name)} has the unknown element type ${tensor.dataType}`,
    );
  const wrong = (found: string): never => {
    const message =
      `tensor ${quoteName(name)} of shape [${dims.join(", ")}] and type ${type} needs ${count} ` +
      `elements, found ${found}`;
    throw new InvalidModelError(name, message);
  };
  if (tensor.rawData.length > 0) {
    const expected = bits === undefined ? -1 : Math.ceil((count * bits) / 8);
    if (tensor.rawData.length !== expected) wrong(`${tensor.rawData.length} bytes of raw data`);
    return dims;
  }
  const found = typedLength(tensor);
  // Elements under 8 bits are packed, so the last entry may hold unused ones.
  const perEntry = bits === undefined ? 1 : Math.max(1, Math.floor(8 / bits));
  if (found !== Math.ceil(count / perEntry) * perEntry) wrong(`${found}`);
  return dims;
}

/** @throws InvalidDataError naming the tensor when a value is NaN or infinite */
function requireFinite(values: Float32Array, name: string): void {
  let first = -1;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) {
      if (count++ === 0) first = i;
    }
  }
  if (count === 0) return;
  const message =
    `tensor ${quoteName(name)} holds ${count} NaN or infinite float32 values, the first at ` +
    `index ${first}`;
  throw new InvalidDataError(name, message);
}

/**
 * The values of a float32, float16, bfloat16 or double tensor as an own float32 copy, row-major.
 * Doubles are rounded to float32. `allowNonFinite` is for constants such as attention masks.
 * @throws UnsupportedError for external data or another element type; InvalidModelError when sizes
 *   contradict; InvalidDataError for NaN or infinity
 */
export function readFloatTensor(
  tensor: TensorProto,
  name = tensor.name,
  options: { readonly allowNonFinite?: boolean } = {},
): Float32Array {
  if (!isFloatType(tensor.dataType)) {
    const message =
      `tensor ${quoteName(name)} has type ${elementTypeName(tensor.dataType)}; float32, ` +
      "float16, bfloat16 or double is needed";
    throw new UnsupportedError(name, message);
  }
  const count = checkTensor(tensor, name).reduce((product, extent) => product * extent, 1);
  const values = new Float32Array(count);
  const raw = tensor.rawData.length > 0;
  const view = new DataView(
    tensor.rawData.buffer,
    tensor.rawData.byteOffset,
    tensor.rawData.byteLength,
  );
  switch (tensor.dataType) {
    case DataType.FLOAT:
      if (raw) for (let i = 0; i < count; i++) values[i] = view.getFloat32(4 * i, true);
      else values.set(tensor.floatData);
      break;
    case DataType.DOUBLE:
      if (raw) for (let i = 0; i < count; i++) values[i] = view.getFloat64(8 * i, true);
      else values.set(tensor.doubleData);
      break;
    default: {
      const widen = tensor.dataType === DataType.FLOAT16 ? fromFloat16Bits : fromBfloat16Bits;
      for (let i = 0; i < count; i++)
        values[i] = widen((raw ? view.getUint16(2 * i, true) : tensor.int32Data[i]!) & 0xffff);
    }
  }
  if (options.allowNonFinite !== true) requireFinite(values, name);
  return values;
}

function readRawInteger(view: DataView, dataType: number, index: number): number {
  switch (dataType) {
    case DataType.INT64:
      return Number(view.getBigInt64(8 * index, true));
    case DataType.UINT64:
      return Number(view.getBigUint64(8 * index, true));
    case DataType.INT32:
      return view.getInt32(4 * index, true);
    case DataType.UINT32:
      return view.getUint32(4 * index, true);
    case DataType.INT16:
      return view.getInt16(2 * index, true);
    case DataType.UINT16:
      return view.getUint16(2 * index, true);
    case DataType.INT8:
      return view.getInt8(index);
    default:
      return view.getUint8(index);
  }
}

/**
 * The values of an integer or bool tensor (8 to 64 bits) as numbers, row-major. 64-bit values past
 * 2^53 lose low bits, which shapes and the "to the end" markers of Slice bear.
 * @throws UnsupportedError for external data or another element type; InvalidModelError when sizes
 *   contradict
 */
export function readIntegerTensor(tensor: TensorProto, name = tensor.name): number[] {
  if (!isIntegerType(tensor.dataType)) {
    const message =
      `tensor ${quoteName(name)} has type ${elementTypeName(tensor.dataType)}; an integer type ` +
      "is needed";
    throw new UnsupportedError(name, message);
  }
  const count = checkTensor(tensor, name).reduce((product, extent) => product * extent, 1);
  if (tensor.rawData.length > 0) {
    const view = new DataView(
      tensor.rawData.buffer,
      tensor.rawData.byteOffset,
      tensor.rawData.byteLength,
    );
    return Array.from({ length: count }, (_, i) => readRawInteger(view, tensor.dataType, i));
  }
  if (tensor.dataType === DataType.INT64) return tensor.int64Data.map(Number);
  if (tensor.dataType === DataType.UINT32 || tensor.dataType === DataType.UINT64)
    return tensor.uint64Data.map(Number);
  return [...tensor.int32Data];
}
