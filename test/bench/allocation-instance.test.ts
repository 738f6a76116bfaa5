import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readInstance } from "../../bench/allocation-instance.js";
import { QuantevoError } from "../../src/errors.js";

const folder = mkdtempSync(join(tmpdir(), "quantevo-instance-"));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (text: string) => {
  const path = join(folder, "instance.json");
  writeFileSync(path, text);
  return readInstance(path);
};
const choices = [
  { bits: 4, omega: 1, sizeMb: 1 },
  { bits: 8, omega: 0.5, sizeMb: 2 },
];
const layer = { name: "a", choices };

describe("readInstance", () => {
  it("reads the format of the anchors", () => {
    const instance = read(
      JSON.stringify({ name: "n", layers: [layer, layer], ties: [[0, 1]], budgets: [0.3] }),
    );
    expect(instance).toMatchObject({
      name: "n",
      metrics: ["omega", "sizeMb"],
      minimized: "omega",
      budgets: [0.3],
      problem: { ties: [[0, 1]] },
    });
    const lists = read(
      JSON.stringify({ layers: [{ name: "a", params: 3, error: [4, 1], size: [1, 2] }] }),
    );
    expect(lists).toMatchObject({
      minimized: "error",
      metrics: ["error", "size"],
      budgets: [0.25, 0.5, 0.75],
    });
    expect(lists.problem.layers[0]?.choices).toEqual([
      { error: 4, size: 1 },
      { error: 1, size: 2 },
    ]);
  });

  it.each([
    ["{", /is no JSON/],
    ["null", /no list layers/],
    ["[]", /no list layers/],
    ['{"layers":[]}', /layers is an empty list/],
    ['{"layers":[{"name":"a"}]}', /layers\.0\.choices is undefined/],
    [JSON.stringify({ layers: [{ name: "a", choices: [] }] }), /choices is an empty list/],
    [JSON.stringify({ layers: [{ choices }] }), /layers\.0\.name is undefined/],
    [
      JSON.stringify({ layers: [{ name: "a", choices: [{ omega: "x", sizeMb: 1 }] }] }),
      /omega is "x"/,
    ],
    ['{"layers":[{"name":"a","choices":[{"omega":1e400,"sizeMb":1}]}]}', /omega is Infinity/],
    [
      JSON.stringify({ layers: [layer, { name: "b", choices: [{ bits: 4, sizeMb: 1 }] }] }),
      /has no "omega"/,
    ],
    [
      JSON.stringify({ layers: [{ name: "a", choices: [{ bits: 4, sizeMb: 1 }] }] }),
      /allowed: omega/,
    ],
    [
      JSON.stringify({ layers: [{ name: "a", choices: [{ bits: 4, omega: 1 }] }] }),
      /at least one cost/,
    ],
    [
      '{"layers":[{"name":"a","choices":[{"omega":1,"sizeMb":1}]},' +
        '{"name":"b","choices":[{"omega":1,"sizeMb":1},{"omega":1,"sizeMb":-1e308}]}]}',
      /^layers\.1\.choices\.1\.sizeMb is -1e\+308; allowed/,
    ],
    [JSON.stringify({ layers: [layer], ties: [[0, 5]] }), /ties\.0 names layer 5/],
    [JSON.stringify({ layers: [layer], ties: [[-1]] }), /ties\.0\.0 is -1/],
    [JSON.stringify({ layers: [layer], ties: 5 }), /ties is 5/],
    [JSON.stringify({ layers: [layer], budgets: ["x"] }), /budgets/],
    [JSON.stringify({ layers: [{ name: "a", error: [1, 2], size: [1] }] }), /size is undefined/],
  ])("refuses %s in one line", (text, message) => {
    let error: unknown;
    try {
      read(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(QuantevoError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("\n");
  });

  it("takes a byte order mark", () => {
    expect(read(`\uFEFF${JSON.stringify({ layers: [layer] })}`).metrics).toEqual([
      "omega",
      "sizeMb",
    ]);
  });

  it("names a file that cannot be read", () => {
    expect(() => readInstance(join(folder, "missing.json"))).toThrow(/cannot be read: ENOENT/);
  });
});
