/** The process that a lock names. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /**
   * Where that number means this process (Linux: containers of one host name have their own);
   * undefined elsewhere.
   */
  readonly pidNamespace?: string | undefined;
  /** See {@link startOf}. */
  readonly started?: string | undefined;
}

/** What the text of every lock begins with, and the file of nobody else. */
const HEAD = '{"kind":"quantevo-lock",';

const IDLE = () => undefined;

/** This process. */
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

/** Whether a text is a lock's, or what is left of one that was not written whole. */
export function isLockText(text: string): boolean {
  return text.startsWith(HEAD) || HEAD.startsWith(text);
}

/**
 * The owner of a lock if it lives, as far as `own` can know: one of another host or pid namespace
 * counts as gone, and so does one of this process's number, which an earlier process had. Undefined
 * also for what was not written whole.
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
    // Another user's process may not be signalled, and lives.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = await startOf(pid);
  return now === undefined || started === undefined ? now !== ENDED : now === started;
}

/**
 * What {@link startOf} says of a process that was killed and that its parent has not waited for.
 */
const ENDED = "ended";

/**
 * Since when a process runs, which tells it from a later one of its number; undefined where the
 * system has no `/proc`.
 */
async function startOf(pid: number): Promise<string | undefined> {
  const { readFile } = await import("node:fs/promises");
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(IDLE);
  // Fields from the third on: a process may have blanks and brackets in its name, the second.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" ? ENDED : fields?.[19];
}
