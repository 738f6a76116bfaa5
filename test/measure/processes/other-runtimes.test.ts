import { afterEach, describe, expect, it, vi } from "vitest";
import type { GenomeRunner } from "../../../src/measure/runner.js";

/** `test/runtimes` runs in the real ones; here Node.js says that it is another. */
function pretend(versions: Record<string, string>, emitWarning = vi.fn()): typeof emitWarning {
  const pretended = Object.create(process, {
    versions: { value: { ...process.versions, ...versions } },
    emitWarning: { value: emitWarning },
  });
  vi.stubGlobal("process", pretended);
  return emitWarning;
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

const local: GenomeRunner = { run: async () => ({}), dispose: async () => {} };
const runners = {
  local,
  module: { source: "none.ts", built: "none.js" },
  setup: () => ({}),
  workOf: () => ({}),
  ...{ modelBytes: 1, threads: 1 },
};

describe.each([
  ["Bun", { bun: "1.4.5" }],
  ["Deno", { deno: "2.9.6" }],
])("in %s, which says that it is Node.js", (name, versions) => {
  it("evaluations run on this thread, with one warning in all", async () => {
    // Fresh modules: whether the warning was given is a module's.
    const { checkProcessOptions, chooseRunner } = await import(
      "../../../src/measure/processes/choose-runner.js"
    );
    const { threadCount } = await import("../../../src/measure/threads/thread-pool.js");
    const emitWarning = pretend(versions);
    expect(await chooseRunner(runners, [], { workers: 0 })).toBe(local);
    expect(await threadCount({}, 1000)).toBe(1);
    expect(emitWarning).not.toHaveBeenCalled();
    for (const options of [{}, { workers: 2 }]) {
      checkProcessOptions(options);
      expect(await chooseRunner(runners, [], options)).toBe(local);
    }
    expect(await threadCount({ threads: 2 }, 1)).toBe(1);
    expect(emitWarning.mock.calls).toEqual([
      [
        `evaluations run on this thread alone, as ${name} runs no worker processes of Node.js; ` +
          "workers: 0 says that this is meant",
        { code: "QUANTEVO_NO_WORKERS" },
      ],
    ]);
    expect(() => checkProcessOptions({ evaluationTimeoutMs: 5 })).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED",
        message: expect.stringContaining(
          `worker processes need Node.js, and this is ${name}; leave workers and`,
        ),
      }),
    );
  });
});

describe("in a browser", () => {
  it("there is nobody to warn, and workers asked for are refused", async () => {
    const { checkProcessOptions, chooseRunner } = await import(
      "../../../src/measure/processes/choose-runner.js"
    );
    vi.stubGlobal("process", undefined);
    expect(await chooseRunner(runners, [], {})).toBe(local);
    expect(() => checkProcessOptions({ workers: 1 })).toThrow(/and this is a browser/);
  });
});
