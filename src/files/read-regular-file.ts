import { FileError } from "../errors.js";
import { requireRegular } from "./require-regular.js";

/**
 * Reads a whole file, links followed. A FIFO, a device or a socket may have no end, or wait for a
 * writer for ever: only regular files are read, and their size is checked before their content.
 * @param maxBytes most bytes that are read
 * @throws FileError for what is no regular file or has more bytes; the system's own error (ENOENT,
 *   EACCES) when it cannot be opened or read
 */
export async function readRegularFile(path: string | URL, maxBytes: number): Promise<Uint8Array> {
  const { constants, open } = await import("node:fs/promises");
  // Without this flag, opening a FIFO waits for a writer. Windows has no such flag and no need.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const file = await open(path, flags);
  try {
    const stats = await file.stat();
    const name = String(path);
    requireRegular(name, stats);
    if (stats.size > maxBytes)
      throw new FileError(name, `${name} has ${stats.size} bytes; allowed: at most ${maxBytes}`);
    return await readAll(file, stats.size);
  } finally {
    await file.close();
  }
}

type OpenFile = Awaited<ReturnType<typeof import("node:fs/promises")["open"]>>;

/** As many bytes as the file had when it was opened; fewer when it was cut meanwhile. */
async function readAll(file: OpenFile, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, Math.min(size - at, CHUNK_BYTES), at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return at === size ? bytes : bytes.slice(0, at);
}

/** Most bytes of one read; systems refuse more than 2 GiB. */
const CHUNK_BYTES = 2 ** 28;
