import { quoteName } from "../../../check/quote-name.js";
import { InvalidModelError, UnsupportedError } from "../../../errors.js";
import type { RegularFile } from "../../../files/open-regular-file.js";
import { type ModelProto, type TensorProto, TensorProto_DataLocation } from "../wire/onnx_pb.js";
import { type ExternalPlace, externalPlace, isExternal } from "./external-place.js";
import type { ExternalSource } from "./external-source.js";
import { visitTensors } from "./visit-tensors.js";

/** An external tensor. */
interface ExternalTensor extends ExternalPlace {
  readonly tensor: TensorProto;
  readonly name: string;
}

/** How often each byte of a file may be in the model: tensors may overlap by mistake or malice. */
const MOST_COPIES = 2;

/**
 * Puts the data of external tensors into a decoded model, in place: afterwards it names no other
 * file. Tensors that share a part of a file share its bytes.
 * @param open opens a file by its location; undefined: there is nothing to open
 * @returns true when there were such tensors
 * @throws UnsupportedError when there is nothing to open; InvalidModelError for a place outside of
 *   the model's folder, a file that is too short, or parts that overlap; what `open` throws
 */
export async function embedExternal(
  model: ModelProto,
  open: ExternalSource | undefined,
): Promise<boolean> {
  const tensors: ExternalTensor[] = [];
  visitTensors(model, (tensor, name) => {
    if (isExternal(tensor)) tensors.push({ tensor, name, ...externalPlace(tensor, name) });
  });
  const [first] = tensors;
  if (first === undefined) return false;
  if (open === undefined)
    throw new UnsupportedError(
      first.name,
      `tensor ${quoteName(first.name)} keeps its data in the file ${quoteName(first.location)}; ` +
        "allowed: the path of the model, with that file in its folder, or the option readExternal",
    );
  for (const [location, parts] of groupsOf(tensors)) {
    const file = await open(location);
    try {
      await embedParts(file, location, parts);
    } finally {
      await file.close();
    }
  }
  return true;
}

function groupsOf(tensors: readonly ExternalTensor[]): Map<string, ExternalTensor[]> {
  const groups = new Map<string, ExternalTensor[]>();
  for (const tensor of tensors) {
    const known = groups.get(tensor.location);
    if (known === undefined) groups.set(tensor.location, [tensor]);
    else known.push(tensor);
  }
  return groups;
}

async function embedParts(
  file: RegularFile,
  location: string,
  parts: readonly ExternalTensor[],
): Promise<void> {
  const read = new Map<string, Uint8Array>();
  let left = MOST_COPIES * file.size;
  for (const { tensor, name, offset, length } of parts) {
    const refuse = (what: string): never => {
      throw new InvalidModelError(
        name,
        `tensor ${quoteName(name)} keeps ${length} bytes at ${offset} of ${quoteName(location)}, ` +
          `${what}`,
      );
    };
    if (offset + length > file.size) refuse(`which has ${file.size}`);
    const key = `${offset} ${length}`;
    let bytes = read.get(key);
    if (bytes === undefined) {
      left -= length;
      if (left < 0) refuse("whose parts overlap; allowed: tensors beside one another");
      bytes = await file.read(offset, length);
      if (bytes.length < length) refuse("which became shorter while it was read");
      read.set(key, bytes);
    }
    tensor.rawData = bytes;
    tensor.externalData = [];
    tensor.dataLocation = TensorProto_DataLocation.DEFAULT;
  }
}
