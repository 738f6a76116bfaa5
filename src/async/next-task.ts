/**
 * Resolves in a new task of the event loop. A loop whose promises resolve at once awaits it so that
 * timers, events and an AbortSignal get their turn. It costs microseconds in Node and in browsers,
 * where setTimeout would cost milliseconds.
 */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else if (typeof MessageChannel === "function") {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    } else setTimeout(resolve, 0);
  });
}
