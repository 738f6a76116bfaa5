import { describe, expect, it } from "vitest";
import { onAbort } from "../../src/async/on-abort.js";

describe("onAbort", () => {
  it("calls what waits, once each, and not what was forgotten", () => {
    const abort = new AbortController();
    const done: number[] = [];
    const forget = [0, 1, 2, 3].map((i) => onAbort(abort.signal, () => void done.push(i)));
    forget[2]!();
    abort.abort();
    abort.abort();
    expect(done).toEqual([0, 1, 3]);
    onAbort(abort.signal, () => void done.push(9));
    expect(done).toEqual([0, 1, 3, 9]);
  });

  it("listens once to a signal, however many wait", () => {
    const abort = new AbortController();
    let listeners = 0;
    const { addEventListener } = abort.signal;
    abort.signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(abort.signal, given);
    };
    const forget = Array.from({ length: 50 }, () => onAbort(abort.signal, () => {}));
    expect(listeners).toBe(1);
    for (const stop of [...forget, ...forget]) stop();
    let called = 0;
    onAbort(abort.signal, () => void called++);
    forget[0]!();
    abort.abort();
    expect([listeners, called]).toEqual([2, 1]);
  });
});
