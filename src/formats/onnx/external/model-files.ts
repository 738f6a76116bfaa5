import { create } from "@bufbuild/protobuf";
import { copyMessage } from "../opset/copy-graph.js";
import { encodeModel } from "../wire/encode-model.js";
import { LIMITS } from "../wire/limits.js";
import {
  type ModelProto,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from "../wire/onnx_pb.js";
import { visitTensors } from "./visit-tensors.js";

/** The file beside an ONNX file that has its large tensors. */
export interface ExternalData {
  /** Its name; it belongs into the folder of the ONNX file. */
  readonly location: string;
  readonly bytes: Uint8Array;
}

/** A model as it is stored: one file, or two. */
export interface ModelFiles {
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** Absent where everything is in the ONNX file. */
  readonly externalData?: ExternalData;
}

/** Name of the second file where nobody gave one. */
export const DEFAULT_LOCATION = "model.onnx.data";

/** Tensors of fewer bytes stay in the ONNX file. */
const LEAST_BYTES = 1024;
/** Systems map files into memory by pages of this many bytes. */
const PAGE_BYTES = 4096;

/** Bytes of all tensors, as far as `raw_data` has them. */
function tensorBytes(model: ModelProto): number {
  let bytes = 0;
  visitTensors(model, ({ rawData }) => {
    bytes += rawData.length;
  });
  return bytes;
}

/**
 * Encodes a model. Above 1.5 GB, or where it is asked for, initializers of 1 KB and more go into a
 * second file (https://github.com/onnx/onnx/blob/main/docs/ExternalData.md).
 * @param model not changed; it names no other file
 * @param location name of the second file
 * @param apart true or false: whatever the size
 * @throws InvalidModelError when what stays in the ONNX file passes 2 GiB
 */
export function modelFiles(model: ModelProto, location: string, apart?: boolean): ModelFiles {
  const splits = apart ?? tensorBytes(model) > LIMITS.inlineBytes;
  if (model.graph === undefined || !splits) return { bytes: encodeModel(model) };
  const moved = model.graph.initializer.filter(({ rawData }) => rawData.length >= LEAST_BYTES);
  let end = 0;
  const offsets = new Map<TensorProto, number>();
  for (const tensor of moved) {
    end = Math.ceil(end / PAGE_BYTES) * PAGE_BYTES;
    offsets.set(tensor, end);
    end += tensor.rawData.length;
  }
  const bytes = new Uint8Array(end);
  const initializer = model.graph.initializer.map((tensor) => {
    const offset = offsets.get(tensor);
    if (offset === undefined) return tensor;
    bytes.set(tensor.rawData, offset);
    return movedTensor(tensor, { location, offset, length: tensor.rawData.length });
  });
  const graph = Object.assign(copyMessage(model.graph), { initializer });
  const file = encodeModel(Object.assign(copyMessage(model), { graph }));
  return moved.length === 0 ? { bytes: file } : { bytes: file, externalData: { location, bytes } };
}

/** A model as a runtime takes it from memory. */
export function inMemory(model: ModelProto): ModelFiles {
  return modelFiles(model, DEFAULT_LOCATION);
}

function movedTensor(tensor: TensorProto, place: Readonly<Record<string, unknown>>): TensorProto {
  const copy = copyMessage(tensor);
  // A field is set when it is an own property.
  delete (copy as Partial<TensorProto>).rawData;
  copy.dataLocation = TensorProto_DataLocation.EXTERNAL;
  copy.externalData = Object.entries(place).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value: String(value) }),
  );
  return copy;
}
