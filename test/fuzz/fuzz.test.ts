import { describe, expect, it } from "vitest";
import { FUZZ_TARGETS, randomOf } from "./targets.js";

/** Mutants of each kind; `npm run fuzz` tries tens of thousands. */
const COUNT = 300;

describe("what comes from outside", () => {
  it.each(FUZZ_TARGETS)("is read or refused with a typed error: $name", async (target) => {
    const found = { accepted: 0, refused: 0 };
    for (let i = 0; i < COUNT; i++) {
      try {
        found[await target.attempt(randomOf(target, "short", i))]++;
      } catch (cause) {
        throw new Error(`${target.name}: mutant ${i} of seed short`, { cause });
      }
    }
    // Mutants that are all refused at the first byte, or all accepted, would test nothing.
    expect(Math.min(found.accepted, found.refused)).toBeGreaterThan(0);
  });
});
