import { FileError } from "../../errors.js";
import { readRegularFile } from "../../files/read-regular-file.js";
import { writeFileAtomically } from "../../files/write-file-atomically.js";
import { MOST_CHARACTERS } from "./checkpoint-lines.js";
import { checkpointPlace } from "./checkpoint-place.js";
import type { CheckpointStore } from "./checkpoint-store.js";

const isTrue = () => true;
const isFalse = () => false;

/**
 * Keeps a checkpoint in a file. A new text replaces the file by renaming. An addition goes to its
 * end and is flushed to the disk. Remains of an addition that failed halfway (a full disk) are cut
 * off.
 *
 * `lockCheckpoint` keeps other runs away. Where it could not, a run that writes a new checkpoint
 * replaces another's, whose next addition then fails with a FileError.
 * @param placeOf where `path` is, when it was found before
 */
export function fileCheckpointStore(
  path: string,
  placeOf = checkpointPlace(path),
): CheckpointStore {
  /** Number of bytes that are known to be whole. */
  let length = 0;
  /** Whether an own addition may have left something behind those bytes. */
  let torn = false;
  /** The file's inode. Another run's file may have replaced it and be as long. */
  let inode: number | undefined;
  const identify = async () => {
    const { stat } = await import("node:fs/promises");
    inode = (await stat(await placeOf())).ino;
  };
  return {
    async read() {
      const { access } = await import("node:fs/promises");
      const { dirname } = await import("node:path");
      const place = await placeOf();
      try {
        const bytes = await readRegularFile(place, MOST_CHARACTERS);
        length = bytes.length;
        await identify();
        return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
      } catch (error) {
        if (error instanceof FileError) throw new FileError(path, error.message, { cause: error });
        // A mistyped folder would cost a whole run, so it fails now. A full or read-only one shows
        // at the first write.
        const folder = dirname(place);
        if (
          (error as NodeJS.ErrnoException).code === "ENOENT" &&
          !(await access(folder).then(isTrue, isFalse))
        )
          throw new FileError(path, `${path} cannot be written: there is no folder ${folder}`, {
            cause: error,
          });
        // ENOTDIR: part of the path is a file. The first write reports it.
        if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
          return undefined;
        throw new FileError(path, `${path} cannot be read: ${(error as Error).message}`, {
          cause: error,
        });
      }
    },
    async write(text) {
      await writeFileAtomically(await placeOf(), text);
      await identify();
      length = Buffer.byteLength(text);
      torn = false;
    },
    async append(text) {
      const { open } = await import("node:fs/promises");
      const bytes = Buffer.from(text);
      try {
        const file = await open(await placeOf(), "r+");
        try {
          const { size, ino } = await file.stat();
          if (ino !== inode) throw new Error("another run's checkpoint is in its place");
          if (size < length || (size > length && !torn))
            throw new Error(
              `it has ${size} bytes, this run left ${length}: another program changed it`,
            );
          torn = true;
          if (size > length) await file.truncate(length);
          for (let at = 0; at < bytes.length; )
            at += (await file.write(bytes, at, bytes.length - at, length + at)).bytesWritten;
          await file.sync();
          length += bytes.length;
          torn = false;
        } finally {
          if (torn) await file.truncate(length).catch(() => undefined);
          await file.close();
        }
      } catch (error) {
        throw new FileError(path, `${path} cannot be written: ${(error as Error).message}`, {
          cause: error,
        });
      }
    },
  };
}
