import { requireRegular } from "./require-regular.js";

/** A regular file that is open for reading. */
export interface RegularFile {
  /** Bytes when it was opened. */
  readonly size: number;
  /**
   * Bytes from `offset` on; fewer than `length` where the file was cut meanwhile.
   * @param length at most what the file has from there
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a file to be read, links followed. A FIFO, a device or a socket may have no end, or wait
 * for a writer for ever, so only regular files are opened.
 * @throws FileError for what is no regular file; the system's own error (ENOENT, EACCES) when it
 *   cannot be opened
 */
export async function openRegularFile(path: string | URL): Promise<RegularFile> {
  const { constants, open } = await import("node:fs/promises");
  // Without this flag, opening a FIFO waits for a writer. Windows has no such flag and no need.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const file = await open(path, flags);
  try {
    const stats = await file.stat();
    requireRegular(String(path), stats);
    return {
      size: stats.size,
      read: async (offset, length) => {
        const bytes = new Uint8Array(length);
        let at = 0;
        while (at < length) {
          const wanted = Math.min(length - at, CHUNK_BYTES);
          const { bytesRead } = await file.read(bytes, at, wanted, offset + at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
        return at === length ? bytes : bytes.slice(0, at);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Most bytes of one read; systems refuse more than 2 GiB. */
const CHUNK_BYTES = 2 ** 28;
