import { nextTask } from "./next-task.js";
import { onAbort } from "./on-abort.js";

/**
 * Awaits work, but stops waiting one turn of the event loop after the signal is aborted. Work that
 * is done by then still counts. Work that settles later, or never, is ignored.
 * @throws what the work rejects with; the signal's reason when the abort came first
 */
export async function raceAbort<T>(work: T | PromiseLike<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;
  let forget = () => {};
  const aborted = new Promise<never>((_, reject) => {
    forget = onAbort(signal, () => void nextTask().then(() => reject(signal.reason)));
  });
  try {
    // The race also handles the one that rejects late.
    return await Promise.race([work, aborted]);
  } finally {
    forget();
  }
}
