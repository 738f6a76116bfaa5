import { fromBinary } from "@bufbuild/protobuf";
import { InvalidModelError, QuantevoError } from "../../../errors.js";
import { checkWire } from "./check-wire.js";
import { fileKind } from "./file-kind.js";
import { LIMITS } from "./limits.js";
import { type GraphProto, type ModelProto, ModelProtoSchema } from "./onnx_pb.js";

/** A decoded model that certainly has a graph. */
export type ModelWithGraph = ModelProto & { graph: GraphProto };

/**
 * Decodes an ONNX file. Byte fields of the result are views into `bytes`; unknown fields are kept.
 * @throws InvalidModelError when the bytes are empty, too many, truncated, not protobuf, or hold no
 *   graph
 */
export function decodeModel(bytes: Uint8Array): ModelWithGraph {
  if (bytes.length === 0) throw new InvalidModelError("", "the ONNX file is empty");
  if (bytes.length > LIMITS.fileBytes)
    throw new InvalidModelError(
      "",
      `the ONNX file has ${bytes.length} bytes; at most ${LIMITS.fileBytes}`,
    );
  let model: ModelProto;
  try {
    checkWire(ModelProtoSchema, bytes);
    model = fromBinary(ModelProtoSchema, bytes, { recursionLimit: LIMITS.messageDepth });
  } catch (cause) {
    refuseOtherFile(bytes, cause);
    if (cause instanceof QuantevoError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidModelError("", `not a valid ONNX file: ${reason}`, { cause });
  }
  const { graph } = model;
  if (graph === undefined) {
    refuseOtherFile(bytes);
    throw new InvalidModelError("graph", "the ONNX file holds no graph");
  }
  if (graph.node.length > LIMITS.nodes) {
    const message = `the graph has ${graph.node.length} nodes; at most ${LIMITS.nodes}`;
    throw new InvalidModelError("graph.node", message);
  }
  return Object.assign(model, { graph });
}

/** @throws InvalidModelError when the bytes are known to be a file of another kind */
function refuseOtherFile(bytes: Uint8Array, cause?: unknown): void {
  const kind = fileKind(bytes);
  if (kind === undefined) return;
  const message = `the model is ${kind}; allowed: an ONNX file, such as torch.onnx.export writes`;
  throw new InvalidModelError("", message, cause === undefined ? {} : { cause });
}
