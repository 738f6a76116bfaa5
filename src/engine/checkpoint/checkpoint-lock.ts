import { FileError } from "../../errors.js";
import { checkpointPlace } from "./checkpoint-place.js";
import { isLockText, type LockOwner, livingOwner, lockText, thisOwner } from "./lock-owner.js";

/** Gives up what was locked. Never rejects. */
export type ReleaseLock = () => Promise<void>;

/** Paths that runs of this process hold, whichever copy of this module they have. */
const heldPaths = (): Set<string> => {
  const shared = globalThis as { [HELD]?: Set<string> };
  shared[HELD] ??= new Set();
  return shared[HELD];
};
const HELD: unique symbol = Symbol.for("quantevo.heldCheckpoints") as never;

const IDLE = () => undefined;
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
const ATTEMPTS = 20;

/**
 * Makes this run the only one of its machine that writes a checkpoint: by a list within the
 * process, and by a file `<path>.lock` beside it that names the owner's process. The lock of a
 * process that is gone (`kill -9`) is taken over; so is that of another host or another pid
 * namespace, of which nothing can be known (a container that was started again has another name).
 * Where no file can be made (read-only folder, full disk) only the list guards.
 * @param placeOf where `path` is, when that was found before
 * @throws FileError while another run holds the path, or when another program's file has the lock's
 *   name
 */
export async function lockCheckpoint(
  path: string,
  placeOf = checkpointPlace(path),
): Promise<ReleaseLock> {
  const place = await placeOf();
  const held = heldPaths();
  if (held.has(place)) throw isHeld(path, "of this process");
  held.add(place);
  try {
    const release = await takeFile(path, `${place}.lock`);
    return async () => {
      await release().catch(IDLE);
      held.delete(place);
    };
  } catch (error) {
    held.delete(place);
    throw error;
  }
}

/**
 * A lock is made by linking a file that has its whole text already, so that no one sees half of
 * one. The lock of a dead run is replaced by renaming, by whoever made a second lock for that,
 * `<lock>.takeover`: of several that find it dead at once only one may.
 */
async function takeFile(path: string, lock: string): Promise<ReleaseLock> {
  const { randomUUID } = await import("node:crypto");
  const { rename, rm, writeFile } = await import("node:fs/promises");
  const owner = await thisOwner();
  const own = lockText(owner);
  const ours = `${lock}.${randomUUID()}`;
  const guard = `${lock}.takeover`;
  const release = async () => {
    if ((await read(lock)) === own) await rm(lock);
  };
  /** A guard that its process left behind was removed, maybe by several. */
  let unguarded = false;
  try {
    await writeFile(ours, own, { flag: "wx" });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const made = await putAt(lock, ours);
      if (made === "made") return release;
      if (made === "impossible") break;
      const text = await read(lock);
      if (text === undefined) continue;
      if (attempt === 0 && !text.endsWith("}")) {
        // One that is copied may be about to be whole.
        await pause();
        continue;
      }
      await refuseHeld(path, lock, text, owner);
      const guarding = await putAt(guard, ours);
      if (guarding === "impossible") break;
      if (guarding === "exists") {
        const other = await read(guard);
        if (other === undefined) continue;
        await refuseHeld(path, guard, other, owner);
        await rm(guard).catch(IDLE);
        unguarded = true;
        continue;
      }
      try {
        if ((await read(lock)) !== text) continue;
        await rename(ours, lock);
      } finally {
        await rm(guard).catch(IDLE);
      }
      if (unguarded) await pause();
      if ((await read(lock)) === own) return release;
      break;
    }
  } catch (error) {
    if (error instanceof FileError) throw error;
    // Nothing can be written there.
  } finally {
    await rm(ours, { force: true }).catch(IDLE);
  }
  return async () => {};
}

async function read(file: string): Promise<string | undefined> {
  const { readFile } = await import("node:fs/promises");
  return readFile(file, "utf8").catch(IDLE);
}

/**
 * Makes `file` out of the file `from`, unless it is there. Where nothing can be linked (FAT) it is
 * copied.
 */
async function putAt(file: string, from: string): Promise<"made" | "exists" | "impossible"> {
  const { constants, copyFile, link } = await import("node:fs/promises");
  try {
    await link(from, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") throw error;
      return copyFile(from, file, constants.COPYFILE_EXCL);
    });
    return "made";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EEXIST" ? "exists" : "impossible";
  }
}

/** @throws FileError when the text of a lock is that of a process that lives, or no lock's */
async function refuseHeld(path: string, lock: string, text: string, own: LockOwner): Promise<void> {
  if (!isLockText(text))
    throw new FileError(
      path,
      `${lock} is no lock of quantevo's, and the checkpoint ${path} needs that name; ` +
        "allowed: another path, or that file moved away",
    );
  const other = await livingOwner(text, own);
  if (other !== undefined)
    throw isHeld(path, `of process ${other.pid}; when that is none of quantevo's, delete ${lock}`);
}

function isHeld(path: string, whose: string): FileError {
  return new FileError(
    path,
    `${path} is the checkpoint of a run that is going on, ${whose}; allowed: one run a ` +
      "checkpoint at a time",
  );
}
