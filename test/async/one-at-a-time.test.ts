import { describe, expect, it } from "vitest";
import { oneAtATime } from "../../src/async/one-at-a-time.js";

describe("oneAtATime", () => {
  it("starts an action when the one before has ended, failed or not", async () => {
    const inTurn = oneAtATime();
    const log: string[] = [];
    const action =
      (name: string, ms: number, fails = false) =>
      async () => {
        log.push(`${name} starts`);
        await new Promise((resolve) => setTimeout(resolve, ms));
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const results = await Promise.allSettled([
      inTurn(action("a", 20)),
      inTurn(action("b", 5, true)),
      inTurn(action("c", 0)),
    ]);
    expect(log).toEqual(["a starts", "a ends", "b starts", "b ends", "c starts", "c ends"]);
    expect(results).toMatchObject([
      { value: "a" },
      { status: "rejected", reason: new Error("b") },
      { value: "c" },
    ]);
    expect(await inTurn(async () => "later")).toBe("later");
  });
});
