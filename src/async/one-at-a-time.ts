/** Runs asynchronous actions one after the other, in the order in which they are asked for. */
export function oneAtATime(): <T>(action: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (action) => {
    const next = last.then(action);
    // An action that fails is its caller's, and stops no other.
    last = next.catch(() => {});
    return next;
  };
}
