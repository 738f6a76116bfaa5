import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import { ParetoArchive } from "../../src/pareto/index.js";
import { beats, gridPoints } from "./reference.js";

const archive = (capacity?: number) => new ParetoArchive<string>({ key: (item) => item, capacity });

describe("ParetoArchive", () => {
  it("keeps what nothing dominates, in order", () => {
    const kept = archive();
    expect(kept.insert("a", [2, 2])).toBe(true);
    expect(kept.insert("b", [3, 3])).toBe(false);
    expect(kept.insert("c", [3, 1])).toBe(true);
    expect(kept.insert("d", [1, 2])).toBe(true);
    expect(kept.entries).toEqual([
      { item: "d", objectives: [1, 2] },
      { item: "c", objectives: [3, 1] },
    ]);
    expect(kept.size).toBe(2);
    expect(kept.items).toEqual(["d", "c"]);
  });

  it("of equals keeps the one whose key sorts first", () => {
    const kept = archive();
    kept.insert("b", [1, -0]);
    expect(kept.insert("c", [1, 0])).toBe(false);
    expect(kept.insert("b", [1, 0])).toBe(false);
    expect(kept.insert("a", [1, 0])).toBe(true);
    expect(kept.entries).toEqual([{ item: "a", objectives: [1, 0] }]);
  });

  it("holds exactly the non-dominated points, whatever the order of insertion", () => {
    fc.assert(
      fc.property(gridPoints(), fc.infiniteStream(fc.nat()), (points, draws) => {
        const named = points.map((objectives, i) => ({
          name: `p${String(i).padStart(2, "0")}`,
          objectives,
        }));
        const shuffled = named
          .map((entry) => ({ entry, rank: draws.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ entry }) => entry);
        const [one, two] = [archive(), archive()];
        for (const { name, objectives } of named) one.insert(name, objectives);
        for (const { name, objectives } of shuffled) two.insert(name, objectives);
        expect(two.entries).toEqual(one.entries);
        const expected = named.filter(
          ({ objectives }, i) =>
            !points.some((other) => beats(other, objectives)) &&
            points.findIndex((other) => other.join() === objectives.join()) === i,
        );
        expect([...one.items].sort()).toEqual(expected.map(({ name }) => name));
      }),
      { numRuns: 200 },
    );
  });

  it("with a capacity drops the most crowded and keeps the ends", () => {
    const kept = archive(4);
    const line = [0, 1, 2, 2.1, 6, 10];
    const inserted = line.map((x) => kept.insert(`at ${x}`, [x, 10 - x]));
    expect(inserted).toEqual([true, true, true, true, true, true]);
    expect(kept.items).toEqual(["at 0", "at 2.1", "at 6", "at 10"]);
    expect(kept.insert("at 6.1", [6.1, 3.9])).toBe(false);
    expect(kept.size).toBe(4);
  });

  it("refuses NaN, other lengths and odd capacities", () => {
    const kept = archive();
    kept.insert("a", [1, 2]);
    expect(() => kept.insert("b", [1, Number.NaN])).toThrow(InvalidDataError);
    expect(() => kept.insert("b", [1])).toThrow(InvalidArgumentError);
    expect(() => archive().insert("b", [])).toThrow(InvalidArgumentError);
    for (const capacity of [0, 1.5, Number.NaN, -1])
      expect(() => archive(capacity)).toThrow(InvalidArgumentError);
    expect(kept.size).toBe(1);
  });
});
