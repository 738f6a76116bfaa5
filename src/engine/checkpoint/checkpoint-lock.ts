import { FileError } from "../../errors.js";
import { readRegularFile } from "../../files/read-regular-file.js";
import { requireRegular } from "../../files/require-regular.js";
import { checkpointPlace } from "./checkpoint-place.js";
import { isLockText, type LockOwner, livingOwner, lockText, thisOwner } from "./lock-owner.js";

/** Releases a lock. Never rejects. */
export type ReleaseLock = () => Promise<void>;

/** Paths that runs of this process hold, shared by all copies of this module. */
const heldPaths = (): Set<string> => {
  const shared = globalThis as { [HELD]?: Set<string> };
  shared[HELD] ??= new Set();
  return shared[HELD];
};
const HELD: unique symbol = Symbol.for("quantevo.heldCheckpoints") as never;

const IDLE = () => undefined;
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
const ATTEMPTS = 20;
/** Of a lock. Ours have some 150. */
const MOST_BYTES = 65_536;

/**
 * Makes this run the only one on its machine that writes a checkpoint. Within the process a list
 * guards the path. Between processes a file `<path>.lock` does, which names its owner.
 *
 * The lock of a dead process (`kill -9`) is taken over. So is the lock of another host or pid
 * namespace, since nothing can be known of its process: a restarted container has another name.
 * Where no file can be made (read-only folder, full disk), only the list guards.
 * @param placeOf where `path` is, when it was found before
 * @throws FileError while another run holds the path, when another program's file has the name of
 *   the lock, or when the path is a folder, FIFO or device
 */
export async function lockCheckpoint(
  path: string,
  placeOf = checkpointPlace(path),
): Promise<ReleaseLock> {
  const place = await placeOf();
  await requireRegularOrNone(path, place);
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
 * A checkpoint replaces what has its name, which must be no device.
 * @throws FileError for anything but a regular file
 */
async function requireRegularOrNone(path: string, place: string): Promise<void> {
  const { stat } = await import("node:fs/promises");
  const there = await stat(place).catch(IDLE);
  if (there !== undefined) requireRegular(path, there);
}

/**
 * Makes a lock by linking a file that already has its whole text, so that nobody sees half of one.
 * A dead run's lock is replaced by renaming. Only the run that holds a second lock,
 * `<lock>.takeover`, may do so, because several may find the lock dead at once.
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
  /** Whether a guard that a dead process left was removed, perhaps by several runs. */
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
        // A lock that is being copied may soon be whole.
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
  return readRegularFile(file, MOST_BYTES).then((bytes) => new TextDecoder().decode(bytes), IDLE);
}

/**
 * Makes `file` a link to the file `from`, unless it exists. Where links are impossible (FAT), it is
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

/**
 * Refuses a lock that is held.
 * @throws FileError when the lock is that of a living process, or is another program's file
 */
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
