import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { didYouMean } from "../../src/check/did-you-mean.js";

const NAMES = ["minBits", "maxBits", "populationSize", "maxGenerations", "seed", "weightBits"];

describe("did you mean", () => {
  it.each([
    ["minBit", "minBits"],
    ["min_bits", "minBits"],
    ["MIN-BITS", "minBits"],
    ["population_size", "populationSize"],
    ["populatoinSize", "populationSize"],
    ["population", "populationSize"],
    ["generations", "maxGenerations"],
    ["seeds", "seed"],
  ])("asks for %s whether %s is meant", (unknown, meant) => {
    expect(didYouMean(unknown, NAMES)).toBe(` (did you mean ${meant}?)`);
  });

  it.each(["bits", "colour", "x", "", "___", "sed".repeat(40)])(
    "asks nothing for %j, which is near to no name or to several",
    (unknown) => {
      expect(didYouMean(unknown, NAMES)).toBe("");
    },
  );

  it("finds a name again after any one letter is lost, whatever else is allowed", () => {
    const long = NAMES.filter((name) => name.length > 4);
    fc.assert(
      fc.property(
        fc.constantFrom(...long),
        fc.nat(),
        fc.shuffledSubarray(NAMES, { minLength: 0 }),
        (name, at, others) => {
          const cut = at % name.length;
          const unknown = name.slice(0, cut) + name.slice(cut + 1);
          expect(didYouMean(unknown, new Set([...others, name]))).toContain(name);
        },
      ),
    );
  });
});
