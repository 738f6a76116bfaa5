import { FileError } from "../errors.js";
import { openRegularFile } from "./open-regular-file.js";

/**
 * Reads a whole regular file, links followed. Its size is checked before its content.
 * @param maxBytes most bytes that are read
 * @throws FileError for what is no regular file or has more bytes; the system's own error when it
 *   cannot be opened or read
 */
export async function readRegularFile(path: string | URL, maxBytes: number): Promise<Uint8Array> {
  const file = await openRegularFile(path);
  try {
    if (file.size > maxBytes)
      throw new FileError(
        String(path),
        `${String(path)} has ${file.size} bytes; allowed: at most ${maxBytes}`,
      );
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}
