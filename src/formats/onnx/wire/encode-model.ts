import { toBinary } from "@bufbuild/protobuf";
import { InvalidModelError } from "../../../errors.js";
import { LIMITS } from "./limits.js";
import { type ModelProto, ModelProtoSchema } from "./onnx_pb.js";

/**
 * Encodes a model as the bytes of an ONNX file, unknown fields included.
 * @throws InvalidModelError when a field holds what protobuf cannot, or the file would pass 2 GiB
 */
export function encodeModel(model: ModelProto): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = toBinary(ModelProtoSchema, model);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidModelError("", `the model cannot be encoded: ${reason}`, { cause });
  }
  if (bytes.length > LIMITS.fileBytes)
    throw new InvalidModelError(
      "",
      `the encoded model has ${bytes.length} bytes; at most ${LIMITS.fileBytes}`,
    );
  return bytes;
}
