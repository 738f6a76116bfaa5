import { create } from "@bufbuild/protobuf";
import { InvalidArgumentError } from "../../../errors.js";
import { type TensorProto, TensorProtoSchema } from "../wire/onnx_pb.js";
import { elementBits, elementTypeName } from "./element-type.js";

/**
 * A TensorProto with its elements in `raw_data` (little-endian; INT4 and INT2 packed, low bits
 * first).
 * @param dataType a TensorProto.DataType of fixed width
 * @throws InvalidArgumentError when an extent is not a whole number of at least 0, or `rawBytes`
 *   has not exactly the bytes that shape and type need
 */
export function makeTensor(
  name: string,
  dims: readonly number[],
  dataType: number,
  rawBytes: Uint8Array,
): TensorProto {
  const bits = elementBits(dataType);
  if (bits === undefined)
    throw new InvalidArgumentError(
      "dataType",
      `dataType ${dataType} has no fixed width; see TensorProto.DataType`,
    );
  if (!dims.every((extent) => Number.isSafeInteger(extent) && extent >= 0))
    throw new InvalidArgumentError(
      "dims",
      `dims [${dims.join(", ")}] must be whole numbers of at least 0`,
    );
  const expected = Math.ceil((dims.reduce((product, extent) => product * extent, 1) * bits) / 8);
  if (rawBytes.length !== expected) {
    const message =
      `rawBytes has ${rawBytes.length} bytes; ${elementTypeName(dataType)} ` +
      `[${dims.join(", ")}] needs ${expected}`;
    throw new InvalidArgumentError("rawBytes", message);
  }
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType, rawData: rawBytes });
}
