import { describe, expect, it } from "vitest";
import { allocationFront } from "../../src/allocation/allocation-front.js";
import { solveAllocation } from "../../src/allocation/solve-allocation.js";
import { InvalidArgumentError } from "../../src/errors.js";

const layer = {
  name: "a",
  choices: [
    { bits: 2, noise: 1 },
    { bits: 4, noise: 0.5 },
  ],
};
const problem = { layers: [layer] };
const question = { minimize: "noise", budgets: { bits: 4 } };

/** Calls with arguments that the types forbid. */
const solve = (...args: unknown[]) =>
  solveAllocation(...(args as Parameters<typeof solveAllocation>));
const front = (...args: unknown[]) =>
  allocationFront(...(args as Parameters<typeof allocationFront>));
const withLayer = (patch: object) => ({ layers: [{ ...layer, ...patch }] });

describe("arguments of the wrong kind", () => {
  const cases: [call: string, run: () => unknown, path: string, message: RegExp][] = [
    [
      "nulls",
      () => solve(null, null),
      "question",
      /question is null; allowed: an object with minimize/,
    ],
    ["no question", () => solve(problem), "question", /is undefined; allowed/],
    [
      "no problem",
      () => solve(null, question),
      "",
      /problem is null; allowed: an object with layers/,
    ],
    [
      "no metric",
      () => solve(problem, { budgets: {} }),
      "minimize",
      /is undefined; allowed: the name/,
    ],
    [
      "no budgets",
      () => solve(problem, { minimize: "bits" }),
      "budgets",
      /is undefined; allowed: an object/,
    ],
    [
      "list of budgets",
      () => solve(problem, { ...question, budgets: [] }),
      "budgets",
      /an empty list; allowed/,
    ],
    [
      "a budget as text",
      () => solve(problem, { ...question, budgets: { bits: "4" } }),
      "budgets.bits",
      /allowed/,
    ],
    [
      "unknown field",
      () => solve(problem, { ...question, limit: 3 }),
      "limit",
      /allowed: minimize, budgets/,
    ],
    [
      "no clock",
      () => solve(problem, { ...question, timeLimitMs: 1, now: 3 }),
      "now",
      /is 3; allowed: a func/,
    ],
    [
      "no layers",
      () => solve({ layers: [] }, question),
      "layers",
      /problem\.layers is an empty list; allowed: a list of 1 layer/,
    ],
    [
      "a layer that is none",
      () => solve({ layers: [3] }, question),
      "layers.0",
      /is 3; allowed: a layer/,
    ],
    [
      "no name",
      () => solve(withLayer({ name: 1 }), question),
      "layers.0.name",
      /is 1; allowed: text/,
    ],
    [
      "no choice",
      () => solve(withLayer({ choices: [] }), question),
      "layers.0.choices",
      /allowed: a list of 1 choice/,
    ],
    [
      "null choice",
      () => solve(withLayer({ choices: [null] }), question),
      "layers.0.choices.0",
      /is null; allowed: an object/,
    ],
    [
      "an infinite number",
      () => solve(withLayer({ choices: [{ bits: Infinity, noise: 1 }] }), question),
      "layers.0.choices.0.bits",
      /is Infinity; allowed: a finite number/,
    ],
    [
      "ties",
      () => solve({ ...problem, ties: [[-1]] }, question),
      "ties.0.0",
      /is -1; allowed: a list of groups/,
    ],
    [
      "nulls",
      () => front(null, null),
      "options",
      /options is null; allowed: an object with objectives/,
    ],
    [
      "no problem",
      () => front(null, { objectives: ["bits", "noise"] }),
      "",
      /problem is null; allowed/,
    ],
    [
      "no objectives",
      () => front(problem, {}),
      "objectives",
      /is undefined; allowed: the names of two/,
    ],
    [
      "one objective",
      () => front(problem, { objectives: ["bits"] }),
      "objectives",
      /allowed: the names of two/,
    ],
  ];
  it.each(cases)("%s: %s", (_, run, path, message) => {
    expect(run).toThrow(InvalidArgumentError);
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ path }));
  });
});
