/** The process that holds a lock. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /**
   * The namespace of `pid` (Linux: containers of one host name have their own). Undefined
   * elsewhere.
   */
  readonly pidNamespace?: string | undefined;
  /** See {@link startOf}. */
  readonly started?: string | undefined;
}

/** The start of every lock's text, which no other program's file has. */
const HEAD = '{"kind":"quantevo-lock",';

const IDLE = () => undefined;

/** This process as the owner of a lock. */
export async function thisOwner(): Promise<LockOwner> {
  const { readlink } = await import("node:fs/promises");
  const { hostname } = await import("node:os");
  const { pid } = process;
  const pidNamespace = await readlink("/proc/self/ns/pid").catch(IDLE);
  return { pid, host: hostname(), pidNamespace, started: await startOf(pid) };
}

/** The text of an owner's lock. */
export function lockText(owner: LockOwner): string {
  return HEAD + JSON.stringify(owner).slice(1);
}

/** Whether a text is a lock, or the start of one that was not written whole. */
export function isLockText(text: string): boolean {
  return text.startsWith(HEAD) || HEAD.startsWith(text);
}

/**
 * The owner of a lock if it lives, as far as `own` can know. An owner on another host or in another
 * pid namespace counts as dead. So does one with this process's number, which an earlier process
 * had.
 * @returns undefined when the owner is dead or the text is not whole
 */
export async function livingOwner(text: string, own: LockOwner): Promise<LockOwner | undefined> {
  const other = parseOwner(text);
  const known =
    other !== undefined && other.host === own.host && other.pidNamespace === own.pidNamespace;
  return known && other.pid !== own.pid && (await isAlive(other)) ? other : undefined;
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    const { pid, host, pidNamespace, started } = JSON.parse(text) as Partial<LockOwner>;
    return Number.isSafeInteger(pid) && pid! > 0 && typeof host === "string"
      ? { pid: pid!, host, pidNamespace, started }
      : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive({ pid, started }: LockOwner): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process cannot be signalled, but it lives.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = await startOf(pid);
  return now === undefined || started === undefined ? now !== ENDED : now === started;
}

/** The start of a process that was killed while its parent has not yet waited for it. */
const ENDED = "ended";

/**
 * The start time of a process, which distinguishes it from a later one with its number. Undefined
 * where the system has no `/proc`.
 */
async function startOf(pid: number): Promise<string | undefined> {
  const { readFile } = await import("node:fs/promises");
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(IDLE);
  // Fields from the third on. The second, the process's name, may have blanks and brackets.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" ? ENDED : fields?.[19];
}
