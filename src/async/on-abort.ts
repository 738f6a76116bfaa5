interface Waiting {
  readonly actions: Set<() => void>;
  readonly listener: () => void;
}

/**
 * The actions that wait for each signal. Each signal has one listener, because Node warns of many.
 */
const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `action` once when the signal is aborted, or immediately if it already is.
 * @returns a function that cancels the action
 */
export function onAbort(signal: AbortSignal, action: () => void): () => void {
  if (signal.aborted) {
    action();
    return () => {};
  }
  const { actions, listener } = waiting.get(signal) ?? listen(signal);
  actions.add(action);
  return () => {
    actions.delete(action);
    if (actions.size > 0 || waiting.get(signal)?.actions !== actions) return;
    signal.removeEventListener("abort", listener);
    waiting.delete(signal);
  };
}

function listen(signal: AbortSignal): Waiting {
  const actions = new Set<() => void>();
  const listener = () => {
    waiting.delete(signal);
    for (const action of actions) action();
  };
  signal.addEventListener("abort", listener, { once: true });
  const entry = { actions, listener };
  waiting.set(signal, entry);
  return entry;
}
