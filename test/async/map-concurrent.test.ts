import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mapConcurrent } from "../../src/async/map-concurrent.js";
import { InvalidArgumentError } from "../../src/errors.js";

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await Promise.resolve();
};

describe("mapConcurrent", () => {
  it("keeps order, starts in order and never exceeds the limit", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(20), { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        async (waits, limit) => {
          let inFlight = 0;
          let most = 0;
          const started: number[] = [];
          const outcomes = await mapConcurrent(waits, limit, async (wait, index) => {
            started.push(index);
            most = Math.max(most, ++inFlight);
            await turns(wait);
            inFlight--;
            return wait * 2;
          });
          expect(outcomes).toEqual(waits.map((wait) => ({ status: "fulfilled", value: wait * 2 })));
          expect(started).toEqual(waits.map((_, i) => i));
          expect(most).toBe(Math.min(limit, waits.length));
        },
      ),
    );
  });

  it("takes a rejection or a throw as an outcome", async () => {
    const reason = new Error("bad");
    const outcomes = await mapConcurrent([1, 2, 3], 2, (x) => {
      if (x === 2) throw reason;
      return x;
    });
    expect(outcomes).toEqual([
      { status: "fulfilled", value: 1 },
      { status: "rejected", reason },
      { status: "fulfilled", value: 3 },
    ]);
  });

  it("starts nothing after an abort, and awaits what is in flight", async () => {
    const controller = new AbortController();
    const outcomes = await mapConcurrent(
      [0, 1, 2, 3, 4],
      2,
      async (x) => {
        if (x === 1) controller.abort();
        await turns(5);
        return x;
      },
      controller.signal,
    );
    expect(outcomes.map((outcome) => outcome.status)).toEqual([
      "fulfilled",
      "fulfilled",
      "skipped",
      "skipped",
      "skipped",
    ]);
    const late = await mapConcurrent([1], 1, (x) => x, controller.signal);
    expect(late).toEqual([{ status: "skipped" }]);
  });

  it("refuses limits below 1", async () => {
    for (const limit of [0, 1.5, Number.NaN])
      await expect(mapConcurrent([1], limit, (x) => x)).rejects.toThrow(InvalidArgumentError);
  });
});
