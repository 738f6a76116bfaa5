import { FileError } from "../errors.js";

/** Gives up what was locked. Never rejects. */
export type ReleaseLock = () => Promise<void>;

interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** See {@link startOf}. */
  readonly started?: string | undefined;
}

/** Paths that runs of this process hold, whichever copy of this module they have. */
const heldPaths = (): Set<string> => {
  const shared = globalThis as { [HELD]?: Set<string> };
  shared[HELD] ??= new Set();
  return shared[HELD];
};
const HELD: unique symbol = Symbol.for("quantevo.heldCheckpoints") as never;

const IDLE = () => undefined;
/** Others, who are at the same lock at this moment, are done with it after that. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
const ATTEMPTS = 20;

/**
 * Makes this run the only one of its machine that writes a checkpoint: by a list within the process, and by a file `<path>.lock`
 * beside it that names the owner's process. The lock of a process that is gone (`kill -9`) is taken over; so is that of another
 * host, of which nothing can be known (a container that was started again has another name). Where no file can be made
 * (read-only folder, full disk) only the list guards.
 * @throws FileError while another run holds the path
 */
export async function lockCheckpoint(path: string): Promise<ReleaseLock> {
  const { realpath } = await import("node:fs/promises");
  const { basename, dirname, join, resolve } = await import("node:path");
  const folder = resolve(dirname(path));
  const place = join(await realpath(folder).catch(() => folder), basename(path));
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

async function takeFile(path: string, lock: string): Promise<ReleaseLock> {
  const { readFile, rename, rm } = await import("node:fs/promises");
  const { hostname } = await import("node:os");
  const { randomUUID } = await import("node:crypto");
  const { pid } = process;
  const owner: LockOwner = { pid, host: hostname(), started: await startOf(pid) };
  const own = JSON.stringify(owner);
  const read = (file: string) => readFile(file, "utf8").catch(IDLE);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const made = await makeFile(lock, own);
    if (made === "impossible") break;
    // Several may be after the lock of a dead run: it is had by whom the file still names a moment later.
    if (made === "made" && attempt > 0) await pause();
    const text = await read(lock);
    if (made === "made" && text === own)
      return async () => {
        if ((await read(lock)) === own) await rm(lock);
      };
    if (text === undefined) continue;
    const other = parseOwner(text);
    if (other === undefined && attempt === 0) {
      await pause();
      continue;
    }
    if (other !== undefined && other.host === owner.host && other.pid !== pid && (await isAlive(other)))
      throw isHeld(path, `of process ${other.pid}; when that is none of quantevo's, delete ${lock}`);
    // Renamed first, so that a new one, made since it was read, can be given back.
    const aside = `${lock}.${randomUUID()}`;
    try {
      await rename(lock, aside);
      if ((await read(aside)) === text) await rm(aside);
      else await rename(aside, lock);
    } catch {
      // Another one was quicker, or the folder is read-only.
    }
  }
  return async () => {};
}

/** Makes a file that is not there yet. One that cannot be written whole is taken away again. */
async function makeFile(path: string, text: string): Promise<"made" | "exists" | "impossible"> {
  const { open, rm } = await import("node:fs/promises");
  try {
    const file = await open(path, "wx");
    try {
      await file.writeFile(text);
      return "made";
    } catch {
      await rm(path).catch(IDLE);
      return "impossible";
    } finally {
      await file.close().catch(IDLE);
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EEXIST" ? "exists" : "impossible";
  }
}

/** Undefined for what no lock of ours says. */
function parseOwner(text: string): LockOwner | undefined {
  try {
    const { pid, host, started } = JSON.parse(text) as Partial<LockOwner>;
    return Number.isSafeInteger(pid) && pid! > 0 && typeof host === "string"
      ? { pid: pid!, host, started }
      : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive({ pid, started }: LockOwner): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process may not be signalled, and lives.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = await startOf(pid);
  return now === undefined || started === undefined ? now !== ENDED : now === started;
}

/** What {@link startOf} says of a process that was killed and that its parent has not waited for. */
const ENDED = "ended";

/** Since when a process runs, which tells it from a later one of its number; undefined where the system has no `/proc`. */
async function startOf(pid: number): Promise<string | undefined> {
  const { readFile } = await import("node:fs/promises");
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(IDLE);
  // Fields from the third on: a process may have blanks and brackets in its name, the second.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" ? ENDED : fields?.[19];
}

function isHeld(path: string, whose: string): FileError {
  return new FileError(
    path,
    `${path} is the checkpoint of a run that is going on, ${whose}; allowed: one run a checkpoint at a time`,
  );
}
