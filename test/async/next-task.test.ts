import { afterEach, describe, expect, it, vi } from "vitest";
import { nextTask } from "../../src/async/next-task.js";

afterEach(() => vi.unstubAllGlobals());

describe("nextTask", () => {
  // What Node, browsers, and places with neither have.
  for (const [name, missing] of [
    ["setImmediate", []],
    ["MessageChannel", ["setImmediate"]],
    ["setTimeout", ["setImmediate", "MessageChannel"]],
  ] as const)
    it(`lets others have their turn, by ${name}`, async () => {
      for (const global of missing) vi.stubGlobal(global, undefined);
      let turn = false;
      setTimeout(() => {
        turn = true;
      }, 0);
      await Promise.resolve();
      expect(turn).toBe(false);
      for (let i = 0; i < 10_000 && !turn; i++) await nextTask();
      expect(turn).toBe(true);
    });
});
