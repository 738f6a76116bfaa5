//   npm run fuzz -- [--seed 1] [--target NAME] [--count N] [--only NUMBER]
// Reads mutants of everything that comes from outside, in a process of its own for each kind with
// 1 GB of heap. Prints how many were accepted and refused, the slowest and the largest, and every
// fault with the number that repeats it.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FUZZ_TARGETS, randomOf } from "./targets.js";

/** Longest time of one mutant, in ms of the processor: the machine may be busy. */
const MOST_MS = 5000;
/** Longest silence of a process, in ms. */
const MOST_SILENCE_MS = 60_000;
/** Largest process, in bytes. */
const MOST_BYTES = 1e9;

const { values: flags } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    target: { type: "string" },
    count: { type: "string" },
    only: { type: "string" },
    child: { type: "string" },
    from: { type: "string", default: "0" },
  },
});

interface Report {
  readonly at?: number;
  readonly fault?: string;
  readonly done?: Readonly<Record<string, number>>;
}

async function child(name: string, from: number, count: number): Promise<void> {
  const target = FUZZ_TARGETS.find((one) => one.name === name)!;
  const found = { accepted: 0, refused: 0, faults: 0, slowestMs: 0, largestMb: 0 };
  // Messages that wait would be lost at the end.
  const send = (report: Report) =>
    new Promise<void>((resolve) => process.send!(report, undefined, undefined, () => resolve()));
  for (let i = from; i < count; i++) {
    await send({ at: i });
    const before = process.cpuUsage();
    const fail = async (why: string) => {
      found.faults++;
      await send({ fault: `${name} ${i}: ${why}` });
    };
    try {
      found[await target.attempt(randomOf(target, flags.seed, i))]++;
    } catch (error) {
      await fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    const bytes = process.memoryUsage.rss();
    found.slowestMs = Math.max(found.slowestMs, Math.round(ms));
    found.largestMb = Math.max(found.largestMb, Math.round(bytes / 1e6));
    if (ms > MOST_MS) await fail(`took ${Math.round(ms)} ms`);
    if (bytes > MOST_BYTES) await fail(`took ${Math.round(bytes / 1e6)} MB`);
  }
  await send({ done: found });
  process.disconnect();
}

/** Runs one kind to its end; a process that dies or hangs is a fault, and goes on behind it. */
async function parent(name: string, count: number): Promise<number> {
  let faults = 0;
  let from = 0;
  while (from < count) {
    const args = [
      "--seed",
      flags.seed,
      "--child",
      name,
      "--from",
      `${from}`,
      "--count",
      `${count}`,
    ];
    const worker = fork(fileURLToPath(import.meta.url), args, {
      execArgv: ["--max-old-space-size=1000", "--import", "tsx"],
    });
    let at = from;
    let finished = false;
    const hangs = () => worker.kill("SIGKILL");
    let timer = setTimeout(hangs, MOST_SILENCE_MS);
    worker.on("message", (report: Report) => {
      clearTimeout(timer);
      timer = setTimeout(hangs, MOST_SILENCE_MS);
      if (report.at !== undefined) at = report.at;
      if (report.fault !== undefined) {
        faults++;
        console.log(report.fault);
      }
      if (report.done !== undefined) {
        finished = true;
        console.log(`${name}, ${count}: ${JSON.stringify(report.done)}`);
      }
    });
    const how = await new Promise<string>((resolve) => {
      worker.on("close", (code, signal) => resolve(String(signal ?? code)));
    });
    clearTimeout(timer);
    if (finished) break;
    faults++;
    console.log(`${name} ${at}: the process ended with ${how}`);
    from = at + 1;
  }
  return faults;
}

if (flags.child !== undefined) await child(flags.child, Number(flags.from), Number(flags.count));
else {
  const wanted = FUZZ_TARGETS.filter(({ name }) => name.includes(flags.target ?? ""));
  let faults = 0;
  for (const target of wanted) {
    if (flags.only !== undefined)
      console.log(await target.attempt(randomOf(target, flags.seed, Number(flags.only))));
    else faults += await parent(target.name, Number(flags.count ?? target.count));
  }
  process.exitCode = faults > 0 ? 1 : 0;
}
