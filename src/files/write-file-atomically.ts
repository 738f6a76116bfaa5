import { FileError } from "../errors.js";
import { requireRegular } from "./require-regular.js";

/**
 * Puts a content in a file, in place of what is there. It goes to a new file beside it first, is
 * flushed to the disk and takes its place by renaming. So a reader, or whoever comes after a crash,
 * finds the old content or the new one. A link is replaced, not followed.
 * @param content a text is written as UTF-8
 * @throws FileError when it cannot be written, or a folder, FIFO or device is in its place; what
 *   was there is then as it was
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
): Promise<void> {
  const { lstat, open, rename, rm } = await import("node:fs/promises");
  const { randomUUID } = await import("node:crypto");
  const { dirname } = await import("node:path");
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isSymbolicLink()) requireRegular(path, there);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(content, "utf8");
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new FileError(path, `${path} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
  await syncFolder(dirname(path));

  /**
   * Makes the renaming itself last. Not every system can flush a folder (Windows); there it is left
   * to the system.
   */
  async function syncFolder(folder: string): Promise<void> {
    try {
      const handle = await open(folder, "r");
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch {}
  }
}
