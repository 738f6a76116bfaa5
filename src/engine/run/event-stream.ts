import type { EvolutionEvent } from "./evolution-event.js";

/**
 * Events that may wait for a slow consumer before the run waits as well, after the generation it is
 * in.
 */
const CAPACITY = 64;

/**
 * The events of a run as an async iterator. `run` begins with the first `next`. The iterator throws
 * what the run throws, and stops the run, and waits for its end, when it is left early.
 */
export async function* eventStream(
  run: (
    listener: (event: EvolutionEvent) => void | Promise<void>,
    signal: AbortSignal,
  ) => Promise<unknown>,
): AsyncGenerator<EvolutionEvent, void, void> {
  const queue: EvolutionEvent[] = [];
  const left = new AbortController();
  let wakeConsumer = () => {};
  let wakeRun = () => {};
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  const listener = (event: EvolutionEvent): void | Promise<void> => {
    queue.push(event);
    wakeConsumer();
    if (event.type !== "generation" || queue.length <= CAPACITY) return;
    return new Promise((resolve) => {
      wakeRun = resolve;
    });
  };
  const finished = run(listener, left.signal)
    .catch((error: unknown) => {
      failure = { error };
    })
    .then(() => {
      ended = true;
      wakeConsumer();
    });
  try {
    for (;;) {
      while (queue.length > 0) {
        yield queue.shift()!;
        if (queue.length <= CAPACITY) wakeRun();
      }
      if (ended) break;
      await new Promise<void>((resolve) => {
        wakeConsumer = resolve;
      });
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    left.abort(new Error("the loop over the events was left"));
    wakeRun();
    await finished;
  }
}
