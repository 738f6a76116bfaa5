import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import {
  constrainedDominates,
  crowdingDistance,
  dominates,
  hypervolume,
  nonDominatedSort,
  ParetoArchive,
} from "../../src/pareto/index.js";

/** Calls with arguments that the types forbid. */
const loose = (f: unknown) => f as (...args: unknown[]) => unknown;
const archive = (...args: unknown[]) =>
  new ParetoArchive<string>(...(args as ConstructorParameters<typeof ParetoArchive<string>>));
const insert = (objectives: unknown) =>
  archive({ key: (item: string) => item }).insert("a", objectives as number[]);

describe("arguments of the wrong kind", () => {
  const cases: [call: string, run: () => unknown, path: string, message: RegExp][] = [
    ["sort null", () => loose(nonDominatedSort)(null), "objectives", /objectives is null; allowed/],
    [
      "sort an object",
      () => loose(nonDominatedSort)({}),
      "objectives",
      /is an object; allowed: a list of vec/,
    ],
    ["sort text", () => loose(nonDominatedSort)("12"), "objectives", /is "12"; allowed/],
    [
      "sort null rows",
      () => loose(nonDominatedSort)([null]),
      "objectives.0",
      /objectives\.0 is null; allowed/,
    ],
    [
      "sort text rows",
      () => loose(nonDominatedSort)([[1], "2"]),
      "objectives.1",
      /is "2"; allowed/,
    ],
    [
      "sort texts",
      () => loose(nonDominatedSort)([["1"]]),
      "objectives.0.0",
      /is "1"; allowed: any number/,
    ],
    [
      "sort nulls",
      () => loose(nonDominatedSort)([[1], [null]]),
      "objectives.1.0",
      /is null; allowed/,
    ],
    [
      "a matrix of a plain array",
      () => loose(nonDominatedSort)({ data: [1, 2], dimensions: 1 }),
      "objectives.data",
      /is a list of 2; allowed: a Float64Array/,
    ],
    [
      "null options",
      () => loose(nonDominatedSort)([[1]], null),
      "options",
      /options is null; allowed/,
    ],
    [
      "unknown option",
      () => loose(nonDominatedSort)([[1]], { violation: [] }),
      "violation",
      /no field of options \(did you mean violations\?\); allowed: violations/,
    ],
    [
      "violations",
      () => loose(nonDominatedSort)([[1]], { violations: null }),
      "violations",
      /is null; allowed/,
    ],
    ["crowding of null", () => loose(crowdingDistance)(null), "objectives", /is null; allowed/],
    [
      "a front that is none",
      () => loose(crowdingDistance)([[1]], 5),
      "front",
      /front is 5; allowed: a list/,
    ],
    ["volume of null", () => loose(hypervolume)(null), "points", /points is null; allowed/],
    [
      "volume without reference",
      () => loose(hypervolume)([[1]]),
      "reference",
      /is undefined; allowed/,
    ],
    ["dominates null", () => loose(dominates)(null, [1]), "a", /a is null; allowed/],
    ["dominates undefined", () => loose(dominates)([1]), "b", /b is undefined; allowed/],
    ["constrained", () => loose(constrainedDominates)(null, 0, [1], 0), "a", /a is null; allowed/],
    ["archive without options", () => archive(), "options", /options is undefined; allowed: .*key/],
    ["archive without key", () => archive({}), "key", /key is undefined; allowed: a function/],
    ["unknown option", () => archive({ key: String, size: 3 }), "size", /allowed: key, capacity/],
    ["insert null", () => insert(null), "objectives", /objectives is null; allowed/],
    ["insert text", () => insert(["1"]), "objectives.0.0", /is "1"; allowed: any number/],
  ];
  it.each(cases)("%s", (_, run, path, message) => {
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ path }));
    expect(run).not.toThrow(TypeError);
  });

  it("are argument errors where the whole argument is wrong", () => {
    expect(() => loose(hypervolume)(null, [1])).toThrow(InvalidArgumentError);
    expect(() => loose(dominates)(1, 2)).toThrow(InvalidArgumentError);
  });
});
