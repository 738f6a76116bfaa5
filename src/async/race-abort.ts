import { nextTask } from "./next-task.js";
import { onAbort } from "./on-abort.js";

/**
 * What the work settles to; once the signal is aborted, at the latest a turn of the event loop
 * later: work that is done by then still counts, and work that never settles holds nobody up. What
 * it settles to after that is ignored.
 * @throws what the work rejects with; the signal's reason when the abort came first
 */
export async function raceAbort<T>(work: T | PromiseLike<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;
  let forget = () => {};
  const aborted = new Promise<never>((_, reject) => {
    forget = onAbort(signal, () => void nextTask().then(() => reject(signal.reason)));
  });
  try {
    // The race handles a late rejection of either.
    return await Promise.race([work, aborted]);
  } finally {
    forget();
  }
}
