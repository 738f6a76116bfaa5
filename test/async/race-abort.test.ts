import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { raceAbort } from "../../src/async/race-abort.js";

const never = () => new Promise<never>(() => {});

describe("raceAbort", () => {
  it("gives what the work settles to, and takes its listener away", async () => {
    const { signal } = new AbortController();
    expect(await raceAbort(Promise.resolve(3), signal)).toBe(3);
    expect(await raceAbort(4, signal)).toBe(4);
    expect(await raceAbort(5)).toBe(5);
    await expect(raceAbort(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("rejects with the reason on an abort, before or after it began", async () => {
    const controller = new AbortController();
    const pending = raceAbort(never(), controller.signal);
    controller.abort(new Error("enough"));
    await expect(pending).rejects.toThrow("enough");
    await expect(raceAbort(never(), controller.signal)).rejects.toThrow("enough");
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("keeps what is done at the moment of the abort", async () => {
    const controller = new AbortController();
    const work = (async () => {
      await Promise.resolve();
      controller.abort();
      await Promise.resolve();
      return "done";
    })();
    expect(await raceAbort(work, controller.signal)).toBe("done");
  });

  it("swallows a late rejection", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      const controller = new AbortController();
      const work = new Promise<void>((_, reject) =>
        setTimeout(() => reject(new Error("late")), 15),
      );
      const raced = raceAbort(work, controller.signal);
      controller.abort(new Error("enough"));
      await expect(raced).rejects.toThrow("enough");
      await new Promise((resolve) => setTimeout(resolve, 40));
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", note);
    }
  });
});
