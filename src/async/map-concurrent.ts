import { InvalidArgumentError } from "../errors.js";

/** Outcome of one item of {@link mapConcurrent}. */
export type Outcome<R> =
  | { readonly status: "fulfilled"; readonly value: R }
  | { readonly status: "rejected"; readonly reason: unknown }
  /** Never started, because the signal was aborted before. */
  | { readonly status: "skipped" };

/**
 * Maps items through an asynchronous function, with at most `limit` calls in flight. Calls start in
 * the order of the items. A rejection is an outcome and stops nothing. Once the signal is aborted,
 * no further call starts; the ones in flight are awaited.
 * @param limit an integer of at least 1
 * @returns the outcomes, in the order of the items
 * @throws InvalidArgumentError when the limit is out of range; nothing else
 */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T, index: number) => Promise<R> | R,
  signal?: AbortSignal,
): Promise<Outcome<R>[]> {
  if (!(Number.isInteger(limit) && limit >= 1))
    throw new InvalidArgumentError("limit", `limit is ${limit}; allowed: an integer of at least 1`);
  const outcomes: Outcome<R>[] = items.map(() => ({ status: "skipped" }));
  let next = 0;
  async function work(): Promise<void> {
    while (next < items.length && !signal?.aborted) {
      const index = next++;
      try {
        outcomes[index] = { status: "fulfilled", value: await map(items[index] as T, index) };
      } catch (reason) {
        outcomes[index] = { status: "rejected", reason };
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return outcomes;
}
