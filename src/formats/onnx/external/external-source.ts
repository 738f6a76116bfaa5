import { quoteName } from "../../../check/quote-name.js";
import { FileError, InvalidArgumentError } from "../../../errors.js";
import { openRegularFile, type RegularFile } from "../../../files/open-regular-file.js";

/**
 * Gives the bytes of a file beside a model.
 * @param location its path from the model's folder, as the model names it: relative, `/` between
 *   folders, no `..`
 */
export type ReadExternal = (location: string) => Uint8Array | Promise<Uint8Array>;

/** Opens the files beside a model. */
export type ExternalSource = (location: string) => Promise<RegularFile>;

/** Files in the folder of a model, none outside of it, links included. */
export function folderSource(modelPath: string | URL): ExternalSource {
  return async (location) => {
    const { realpath } = await import("node:fs/promises");
    const { dirname, join, sep } = await import("node:path");
    const { fileURLToPath } = await import("node:url");
    const path = typeof modelPath === "string" ? modelPath : fileURLToPath(modelPath);
    const file = join(dirname(path), location);
    try {
      const folder = await realpath(dirname(path));
      const real = await realpath(file);
      if (!real.startsWith(folder.endsWith(sep) ? folder : folder + sep))
        throw new FileError(
          file,
          `${file} is a link out of the folder of the model; allowed: a file in that folder, or ` +
            "the option readExternal",
        );
      return await openRegularFile(real);
    } catch (cause) {
      if (cause instanceof FileError) throw cause;
      throw new FileError(
        file,
        `cannot read ${file}, which has data of the model: ${(cause as Error).message}`,
        { cause },
      );
    }
  };
}

/** Files that a function of the user's gives. */
export function customSource(readExternal: ReadExternal): ExternalSource {
  return async (location) => {
    const bytes: unknown = await readExternal(location);
    if (!(bytes instanceof Uint8Array))
      throw new InvalidArgumentError(
        "readExternal",
        `readExternal gave no Uint8Array for ${quoteName(location)}; allowed: the bytes of that ` +
          "file",
      );
    return {
      size: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
      close: async () => {},
    };
  };
}
