import { readdirSync, readFileSync } from "node:fs";

/** Ids of the worker processes that this process has started and that live; Linux only. */
export function workerProcesses(): number[] {
  const tasks = `/proc/${process.pid}/task`;
  return readdirSync(tasks)
    .flatMap((task) => read(`${tasks}/${task}/children`).split(" "))
    .filter((id) => id !== "" && read(`/proc/${id}/cmdline`).includes("tinypool"))
    .map(Number);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

/** Waits until a condition holds, at most ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  if (!condition()) throw new Error(`still not: ${condition}`);
}
