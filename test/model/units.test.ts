import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tiedUnits } from "../../src/model/units.js";

/** Layers in model order, ties among them, and the ties in another order. */
const tied = fc
  .uniqueArray(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .chain((names) => {
    const tie = fc.array(fc.constantFrom(...names), { maxLength: 4 });
    return fc.array(tie, { maxLength: 8 }).chain((ties) =>
      fc.record({
        names: fc.constant(names),
        ties: fc.constant(ties),
        shuffled: fc.shuffledSubarray(ties, { minLength: ties.length }),
      }),
    );
  });

/** All layers that a chain of ties leads to from one, by search; the slow definition. */
function reachable(from: string, ties: readonly (readonly string[])[]): ReadonlySet<string> {
  const found = new Set([from]);
  for (let size = 0; size < found.size; ) {
    size = found.size;
    for (const tie of ties)
      if (tie.some((name) => found.has(name))) for (const name of tie) found.add(name);
  }
  return found;
}

describe("tiedUnits", () => {
  it("puts a layer together with all that ties lead to from it, in model order", () => {
    fc.assert(
      fc.property(tied, ({ names, ties }) => {
        for (const unit of tiedUnits(names, ties)) {
          const connected = reachable(unit[0]!, ties);
          expect(unit).toEqual(names.filter((name) => connected.has(name)));
        }
      }),
    );
  });

  it("has every layer once, and units in the order of their first layers", () => {
    fc.assert(
      fc.property(tied, ({ names, ties }) => {
        const units = tiedUnits(names, ties);
        expect(units.flat().toSorted()).toEqual(names.toSorted());
        const firsts = units.map(([first]) => names.indexOf(first!));
        expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
      }),
    );
  });

  it("depends neither on the order of ties nor on the order within one", () => {
    fc.assert(
      fc.property(tied, ({ names, ties, shuffled }) => {
        const units = tiedUnits(names, ties);
        expect(tiedUnits(names, shuffled)).toEqual(units);
        expect(
          tiedUnits(
            names,
            ties.map((tie) => tie.toReversed()),
          ),
        ).toEqual(units);
      }),
    );
  });

  it("ignores what is no layer, and joins nothing through it", () => {
    expect(tiedUnits(["a", "b", "c"], [["x", "c", "a"], ["x", "b"], [], ["y"]])).toEqual([
      ["a", "c"],
      ["b"],
    ]);
  });

  it("takes indices as well, 0 included", () => {
    expect(
      tiedUnits(
        [0, 1, 2, 3],
        [
          [3, 0],
          [2, 3],
        ],
      ),
    ).toEqual([[0, 2, 3], [1]]);
    expect(tiedUnits([], [])).toEqual([]);
  });
});
