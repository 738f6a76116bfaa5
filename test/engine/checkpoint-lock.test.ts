import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type AccuracyEvaluator,
  archiveToString,
  type EvolutionOptions,
  QuantizationEvolutionEngine,
} from "../../src/index.js";
import { formulaEvaluator, TINY_LAYERS as LAYERS, SMALL_RUN as SMALL } from "./fakes.js";
import { memoryStore } from "./stores.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "quantevo-lock-"));
  path = join(folder, "run.checkpoint");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function run(options: EvolutionOptions, evaluator: AccuracyEvaluator = formulaEvaluator()) {
  return new QuantizationEvolutionEngine(SMALL, { evaluator }).runEvolution(LAYERS, options);
}

/** A run on `checkpoint` that waits in its third generation until it is let go. */
async function waiting(checkpoint: EvolutionOptions["checkpoint"], signal?: AbortSignal) {
  let letGo = () => {};
  let there = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const reached = new Promise<void>((resolve) => (there = resolve));
  const end = run({
    checkpoint,
    signal,
    callback: (generation) => {
      if (generation !== 2) return;
      there();
      return gate;
    },
  });
  await reached;
  return { end, letGo };
}

describe("a checkpoint that another run of this process has", () => {
  it("is refused, and that run is not disturbed", async () => {
    const first = await waiting(path);
    const held = { code: "IO", path, message: expect.stringContaining(path) };
    await expect(run({ checkpoint: path })).rejects.toMatchObject(held);
    for (const resume of ["never", "required"] as const)
      await expect(run({ checkpoint: { path, resume } })).rejects.toMatchObject(held);
    first.letGo();
    const result = await first.end;
    expect(archiveToString(result)).toBe(archiveToString(await run({})));
    expect(result.checkpoint).toMatchObject({ complete: true, failedWrites: 0 });
  });

  it("is known under its other names", async () => {
    const other = join(folder, "link");
    await symlink(folder, other);
    const first = await waiting(path);
    for (const name of [join(other, "run.checkpoint"), relative(process.cwd(), path)])
      await expect(run({ checkpoint: name })).rejects.toMatchObject({ code: "IO", path: name });
    first.letGo();
    await first.end;
  });

  it("is free when that run ends: at its end, by an abort, by an error", async () => {
    const abort = new AbortController();
    const aborted = await waiting(path, abort.signal);
    expect(existsSync(`${path}.lock`)).toBe(true);
    abort.abort();
    expect((await aborted.end).stopReason).toBe("aborted");
    expect(await readdir(folder)).toEqual(["run.checkpoint"]);
    const boom = () => {
      throw new Error("boom");
    };
    await expect(run({ checkpoint: path, callback: boom })).rejects.toThrow("boom");
    await expect(
      new QuantizationEvolutionEngine({ ...SMALL, seed: 4 }, { evaluator: formulaEvaluator() }).runEvolution(
        LAYERS,
        { checkpoint: path },
      ),
    ).rejects.toMatchObject({ code: "CHECKPOINT_MISMATCH" });
    await expect(
      run(
        { checkpoint: { path, resume: "never" } },
        { kind: "measured", evaluate: () => Promise.reject(new Error("no")) },
      ),
    ).rejects.toMatchObject({ code: "EVALUATION_FAILED" });
    await run({ checkpoint: { path, resume: "never" } });
    expect(await readdir(folder)).toEqual(["run.checkpoint"]);
  });

  it("is free after a stream that was left", async () => {
    const engine = new QuantizationEvolutionEngine(SMALL, { evaluator: formulaEvaluator() });
    for await (const { type } of engine.stream(LAYERS, { checkpoint: path }))
      if (type === "generation") break;
    expect(await readdir(folder)).toEqual(["run.checkpoint"]);
    expect((await run({ checkpoint: path })).checkpoint!.resumedAnswers).toBeGreaterThan(0);
  });

  it("is not locked where it is a store of the user's", async () => {
    const store = memoryStore();
    const first = await waiting({ store });
    await expect(run({ checkpoint: { store: memoryStore(store.text) } })).resolves.toBeDefined();
    await expect(run({ checkpoint: { store } })).resolves.toBeDefined();
    first.letGo();
    await first.end;
  });
});

describe("a checkpoint that a run of another process has", () => {
  it("is refused as long as that process lives; killed, it is gone on from at once", async () => {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", fileURLToPath(new URL("lock-holder.ts", import.meta.url)), path, "11"],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    try {
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await expect(run({ checkpoint: path })).rejects.toMatchObject({
        code: "IO",
        path,
        message: expect.stringContaining(`process ${child.pid}`),
      });
      const before = await readFile(path, "utf8");
      await expect(run({ checkpoint: { path, resume: "never" } })).rejects.toMatchObject({ code: "IO" });
      // The child, which holds it, may still be writing its last answers.
      expect((await readFile(path, "utf8")).startsWith(before)).toBe(true);
    } finally {
      const closed = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await closed;
    }
    expect(existsSync(`${path}.lock`)).toBe(true);
    const result = await run({ checkpoint: path });
    expect(result.checkpoint!.resumedAnswers).toBe(11);
    expect(archiveToString(result)).toBe(archiveToString(await run({})));
    expect(await readdir(folder)).toEqual(["run.checkpoint"]);
  });

  it.each([
    ["of a process that is gone", { pid: 2 ** 22 + 12345, host: hostname() }],
    ["of an earlier process of this number", { pid: process.pid, host: hostname(), started: "1" }],
    ["of another host", { pid: process.ppid, host: "elsewhere" }],
    ["that says no process", { pid: -1, host: hostname() }],
  ])("is taken over when the lock is one %s", async (_, owner) => {
    await writeFile(`${path}.lock`, JSON.stringify(owner));
    expect((await run({ checkpoint: path })).checkpoint).toMatchObject({ complete: true });
    expect(await readdir(folder)).toEqual(["run.checkpoint"]);
  });

  it.each(["", "{", "null", "7"])("is taken over when the lock is %o", async (text) => {
    await writeFile(`${path}.lock`, text);
    await run({ checkpoint: path });
    expect(await readdir(folder)).toEqual(["run.checkpoint"]);
  });

  it("is refused when the lock is of a process that lives, and free when it is of an earlier one of its number", async () => {
    const owner = { pid: process.ppid, host: hostname() };
    await writeFile(`${path}.lock`, JSON.stringify(owner));
    await expect(run({ checkpoint: path })).rejects.toMatchObject({ code: "IO" });
    // What is not ours stays.
    expect((await readdir(folder)).sort()).toEqual(["run.checkpoint.lock"]);
    if (process.platform !== "linux") return;
    await writeFile(`${path}.lock`, JSON.stringify({ ...owner, started: "1" }));
    await expect(run({ checkpoint: path })).resolves.toBeDefined();
  });

  it("goes to one of several that find the lock of a dead run at once", async () => {
    const { lockCheckpoint } = await import("../../src/export/checkpoint-lock.js");
    for (let round = 0; round < 20; round++) {
      await writeFile(`${path}.lock`, JSON.stringify({ pid: 2 ** 22 + 12345, host: hostname() }));
      const takers = await Promise.allSettled(Array.from({ length: 5 }, () => lockCheckpoint(path)));
      const [taken, ...more] = takers.flatMap((taker) => (taker.status === "fulfilled" ? [taker.value] : []));
      expect(more).toEqual([]);
      expect(existsSync(`${path}.lock`)).toBe(true);
      await taken!();
      expect(await readdir(folder)).toEqual([]);
    }
  });
});

describe("a checkpoint beside which no lock can be made", () => {
  // /proc is read-only for root too, whom a folder's mode does not keep out.
  const readOnly = process.platform === "linux" ? ["/proc/self/run.checkpoint"] : [];

  it.each(readOnly)("in a read-only folder stops nothing: %s", async (place) => {
    const result = await run({ checkpoint: place });
    expect(archiveToString(result)).toBe(archiveToString(await run({})));
    expect(result.checkpoint).toMatchObject({ complete: false, writes: 0 });
    expect(result.checkpoint!.failedWrites).toBeGreaterThan(0);
  });

  it("whose folder is a file stops nothing either, and one of this process is refused all the same", async () => {
    await writeFile(join(folder, "file"), "");
    const place = join(folder, "file", "run.checkpoint");
    const first = await waiting(place);
    await expect(run({ checkpoint: place })).rejects.toMatchObject({ code: "IO", path: place });
    first.letGo();
    expect((await first.end).checkpoint).toMatchObject({ complete: false, writes: 0 });
    await expect(run({ checkpoint: place })).resolves.toBeDefined();
  });

  it("whose lock is a folder stops nothing", async () => {
    const { mkdir } = await import("node:fs/promises");
    await mkdir(`${path}.lock`);
    expect((await run({ checkpoint: path })).checkpoint).toMatchObject({ complete: true });
    expect((await readdir(folder)).sort()).toEqual(["run.checkpoint", "run.checkpoint.lock"]);
  });
});
