import { type ChildProcess, fork, spawn } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type AccuracyEvaluator,
  archiveToString,
  type EvolutionOptions,
  QuantizationEvolutionEngine,
} from "../../../src/index.js";
import { formulaEvaluator, TINY_LAYERS as LAYERS, SMALL_RUN as SMALL } from "../fakes.js";
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

const PID_NAMESPACE = existsSync("/proc/self/ns/pid")
  ? readlinkSync("/proc/self/ns/pid")
  : undefined;

/** The text of a lock of a process of this host. */
function lockOf(owner: object): string {
  return JSON.stringify({
    kind: "quantevo-lock",
    host: hostname(),
    pidNamespace: PID_NAMESPACE,
    ...owner,
  });
}

const DEAD = lockOf({ pid: 2 ** 22 + 12345 });

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
    const file = join(folder, "link.checkpoint");
    await symlink(path, file);
    for (const name of [join(other, "run.checkpoint"), relative(process.cwd(), path), file])
      await expect(run({ checkpoint: name })).rejects.toMatchObject({ code: "IO", path: name });
    first.letGo();
    await first.end;
    const again = await run({ checkpoint: file });
    expect(again.checkpoint!.resumedAnswers).toBeGreaterThan(0);
    expect((await run({ checkpoint: { path: file, resume: "never" } })).checkpoint!.complete).toBe(
      true,
    );
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(["link", "link.checkpoint", "run.checkpoint"]);
  });

  it("stays where it is when the process goes to another folder", async () => {
    const elsewhere = join(folder, "elsewhere");
    await mkdir(elsewhere);
    const before = process.cwd();
    process.chdir(folder);
    try {
      const first = await waiting("run.checkpoint");
      process.chdir(elsewhere);
      first.letGo();
      expect((await first.end).checkpoint).toMatchObject({ complete: true, failedWrites: 0 });
      expect((await readdir(folder)).sort()).toEqual(["elsewhere", "run.checkpoint"]);
      expect(await readdir(elsewhere)).toEqual([]);
    } finally {
      process.chdir(before);
    }
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
      new QuantizationEvolutionEngine(
        { ...SMALL, seed: 4 },
        { evaluator: formulaEvaluator() },
      ).runEvolution(LAYERS, { checkpoint: path }),
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

it("names the file of a checkpoint that is damaged, and the way out", async () => {
  for (const text of ["", "hello", "{}\n"]) {
    await writeFile(path, text);
    await expect(run({ checkpoint: path })).rejects.toMatchObject({
      code: "INVALID_DOCUMENT",
      message: expect.stringMatching(/run\.checkpoint: .*resume: "never"/),
    });
    expect(existsSync(`${path}.lock`)).toBe(false);
  }
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
      await expect(run({ checkpoint: { path, resume: "never" } })).rejects.toMatchObject({
        code: "IO",
      });
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
    ["of a process that is gone", DEAD],
    ["of an earlier process of this number", lockOf({ pid: process.pid, started: "1" })],
    ["of another host", lockOf({ pid: process.ppid, host: "elsewhere" })],
    ["of another pid namespace", lockOf({ pid: process.ppid, pidNamespace: "pid:[1]" })],
    ["that says no process", lockOf({ pid: -1 })],
    ["of no length", ""],
    ["of one character", "{"],
    ["not written whole", DEAD.slice(0, 30)],
  ])("is taken over when the lock is one %s", async (_, text) => {
    await writeFile(`${path}.lock`, text);
    expect((await run({ checkpoint: path })).checkpoint).toMatchObject({ complete: true });
    expect(await readdir(folder)).toEqual(["run.checkpoint"]);
  });

  it("is taken over when a run died that was taking it over", async () => {
    await writeFile(`${path}.lock`, DEAD);
    await writeFile(`${path}.lock.takeover`, DEAD);
    expect((await run({ checkpoint: path })).checkpoint).toMatchObject({ complete: true });
    expect(await readdir(folder)).toEqual(["run.checkpoint"]);
    // One that is about to.
    await writeFile(`${path}.lock`, DEAD);
    await writeFile(`${path}.lock.takeover`, lockOf({ pid: process.ppid }));
    await expect(run({ checkpoint: path })).rejects.toMatchObject({ code: "IO", path });
  });

  it.each(["# yarn lockfile v1\n", "null", "7", "\n", "{}", '{"pid":4206649,"host":"here"}', "{ "])(
    "is refused, and all left as it is, when the lock is another program's: %j",
    async (text) => {
      await writeFile(`${path}.lock`, text);
      const evaluator = formulaEvaluator();
      for (const resume of ["if-found", "never"] as const)
        await expect(run({ checkpoint: { path, resume } }, evaluator)).rejects.toMatchObject({
          code: "IO",
          path,
          message: expect.stringContaining(`${path}.lock is no lock of quantevo's`),
        });
      expect(evaluator.calls).toEqual([]);
      expect(await readFile(`${path}.lock`, "utf8")).toBe(text);
      expect(await readdir(folder)).toEqual(["run.checkpoint.lock"]);
      await rm(`${path}.lock`);
      await expect(run({ checkpoint: path })).resolves.toBeDefined();
    },
  );

  it(
    "is refused when the lock is of a process that lives, and free when it is of an earlier " +
      "one of its number",
    async () => {
      await writeFile(`${path}.lock`, lockOf({ pid: process.ppid }));
      await expect(run({ checkpoint: path })).rejects.toMatchObject({ code: "IO" });
      // What is not ours stays.
      expect((await readdir(folder)).sort()).toEqual(["run.checkpoint.lock"]);
      if (process.platform !== "linux") return;
      await writeFile(`${path}.lock`, lockOf({ pid: process.ppid, started: "1" }));
      await expect(run({ checkpoint: path })).resolves.toBeDefined();
    },
  );

  it("goes to one of several processes that find the lock of a dead run at once", async () => {
    const script = fileURLToPath(new URL("lock-taker.ts", import.meta.url));
    const takers = Array.from({ length: 4 }, () =>
      fork(script, [path], { execArgv: ["--import", "tsx"] }),
    );
    const heard = (taker: ChildProcess) =>
      new Promise<string>((resolve, reject) => {
        const ended = () => reject(new Error("a taker ended"));
        taker.once("exit", ended);
        taker.once("message", (message) => {
          taker.off("exit", ended);
          resolve(String(message));
        });
      });
    const all = (message: number | "release") =>
      Promise.all(
        takers.map((taker) => {
          const answer = heard(taker);
          taker.send(message);
          return answer;
        }),
      );
    try {
      await Promise.all(takers.map(heard));
      for (let round = 0; round < ROUNDS; round++) {
        await writeFile(`${path}.lock`, DEAD);
        const answers = await all(Date.now() + 20);
        const others = answers.filter((answer) => answer !== "taken");
        expect(others, `round ${round}`).toHaveLength(takers.length - 1);
        for (const answer of others)
          expect(answer).toContain("is the checkpoint of a run that is going on");
        expect(existsSync(`${path}.lock`)).toBe(true);
        await all("release");
        expect(await readdir(folder)).toEqual([]);
      }
    } finally {
      for (const taker of takers) taker.kill();
    }
  });
});

/** Without the second lock every few rounds have two owners. */
const ROUNDS = 20;

describe("a checkpoint beside which no lock can be made", () => {
  // /proc is read-only for root too, whom a folder's mode does not keep out.
  const readOnly = process.platform === "linux" ? ["/proc/self/run.checkpoint"] : [];

  it.each(readOnly)("in a read-only folder stops nothing: %s", async (place) => {
    const result = await run({ checkpoint: place });
    expect(archiveToString(result)).toBe(archiveToString(await run({})));
    expect(result.checkpoint).toMatchObject({ complete: false, writes: 0 });
    expect(result.checkpoint!.failedWrites).toBeGreaterThan(0);
  });

  it(
    "whose folder is a file stops nothing either, and one of this process is refused all the " +
      "same",
    async () => {
      await writeFile(join(folder, "file"), "");
      const place = join(folder, "file", "run.checkpoint");
      const first = await waiting(place);
      await expect(run({ checkpoint: place })).rejects.toMatchObject({ code: "IO", path: place });
      first.letGo();
      expect((await first.end).checkpoint).toMatchObject({ complete: false, writes: 0 });
      await expect(run({ checkpoint: place })).resolves.toBeDefined();
    },
  );

  it("whose lock is a folder stops nothing", async () => {
    await mkdir(`${path}.lock`);
    expect((await run({ checkpoint: path })).checkpoint).toMatchObject({ complete: true });
    expect((await readdir(folder)).sort()).toEqual(["run.checkpoint", "run.checkpoint.lock"]);
  });
});
