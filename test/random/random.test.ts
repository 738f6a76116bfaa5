import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/random/random.js";

describe("Random", () => {
  it("gives the stream of ARC4 for a seed, the same for ever", () => {
    const random = new Random("hello.");
    // The published first value of seedrandom("hello.").
    expect(random.next()).toBe(0.9282578795792454);
    expect(random.next()).toBe(0.3752569768646784);
  });

  it("goes on from a saved state as if it had never stopped", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(50), (seed, draws) => {
        const random = new Random(seed);
        for (let i = 0; i < draws; i++) random.next();
        const state = JSON.parse(JSON.stringify(random.state()));
        const restored = Random.restore(seed, state);
        for (let i = 0; i < 5; i++) expect(restored.next()).toBe(random.next());
      }),
    );
  });

  it("names children by seed and label, not by what was drawn", () => {
    const one = new Random(7);
    const before = one.child("layer").next();
    one.next();
    expect(one.child("layer").next()).toBe(before);
    expect(one.child("other").next()).not.toBe(before);
    expect(new Random(8).child("layer").next()).not.toBe(before);
  });

  it("draws integers of every value below the bound, and none else", () => {
    const random = new Random("integers");
    const seen = new Set<number>();
    for (let i = 0; i < 500; i++) seen.add(random.integer(7));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("draws normal deviates of mean 0 and variance 1", () => {
    const random = new Random("normal");
    let sum = 0;
    let squares = 0;
    const count = 20_000;
    for (let i = 0; i < count; i++) {
      const x = random.normal();
      sum += x;
      squares += x * x;
    }
    expect(Math.abs(sum / count)).toBeLessThan(0.03);
    expect(Math.abs(squares / count - 1)).toBeLessThan(0.05);
  });

  it("meets a probability in the long run, and 0 and 1 always", () => {
    const random = new Random("chance");
    let hits = 0;
    for (let i = 0; i < 10_000; i++) {
      if (random.chance(0.3)) hits++;
      expect(random.chance(0)).toBe(false);
      expect(random.chance(1)).toBe(true);
    }
    expect(Math.abs(hits / 10_000 - 0.3)).toBeLessThan(0.02);
  });

  it("shuffles into a permutation of the same items, in place", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.string(), (items, seed) => {
        const shuffled = [...items];
        expect(new Random(seed).shuffle(shuffled)).toBe(shuffled);
        expect([...shuffled].sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
      }),
    );
    const orders = new Set<string>();
    const random = new Random("orders");
    for (let i = 0; i < 200; i++) orders.add(random.shuffle(["a", "b", "c"]).join(""));
    expect(orders.size).toBe(6);
  });

  it("picks among the items", () => {
    const random = new Random("pick");
    const seen = new Set(Array.from({ length: 50 }, () => random.pick(["x", "y"])));
    expect(seen).toEqual(new Set(["x", "y"]));
  });
});
