import fc from "fast-check";
import { expect, it } from "vitest";
import { trueFront } from "../../bench/true-front.js";
import { allAllocations, smallProblems, sumOf } from "../allocation/brute-force.js";

it("enumerates the front, with ties that share a layer as well", () => {
  const objectives = ["error", "size"];
  const chain = {
    layers: Array.from({ length: 3 }, (_, i) => ({
      name: `l${i}`,
      choices: [
        { error: 0, size: i === 1 ? 0 : 2, latency: 0 },
        { error: 1, size: i === 1 ? 3 : 0, latency: 0 },
      ],
    })),
    ties: [
      [0, 1],
      [1, 2],
    ],
  };
  fc.assert(
    fc.property(smallProblems(), (problem) => {
      const values = (choice: readonly number[]) =>
        objectives.map((metric) => sumOf(problem, choice, metric));
      const all = [...allAllocations(problem)];
      const beaten = ([x, y]: readonly number[]) =>
        all.map(values).some(([u, v]) => u! <= x! && v! <= y! && (u! < x! || v! < y!));
      const expected = new Set(
        all
          .map(values)
          .filter((point) => !beaten(point))
          .map(String),
      );
      const found = [...trueFront(problem, objectives)!].map((text) => text.split(",").map(Number));
      for (const choice of found) expect(all).toContainEqual(choice);
      expect(new Set(found.map((choice) => String(values(choice))))).toEqual(expected);
    }),
    { numRuns: 200, examples: [[chain]] },
  );
});
