// npm run bench:faults -- [--kills 20] [--seed 1] [--json]
// A measured run (the demo's network on ONNX Runtime) is killed again and again with SIGKILL, finds its disk full and its
// folder read-only, and has to end with the archive of a run that nothing happened to, byte for byte.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Random } from "../src/random/random.js";

const { values: flags } = parseArgs({
  options: {
    kills: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "quantevo-faults-"));
const say = (text: string) => {
  if (!flags.json) console.log(text);
};

interface Outcome {
  readonly asked: number;
  readonly evaluations: number;
  readonly generations: number;
  readonly checkpoint?: {
    readonly resumedAnswers: number;
    readonly resumedGenerations: number;
    readonly writes: number;
    readonly failedWrites: number;
    readonly lastFailure?: string;
    readonly complete: boolean;
  };
}

/** Runs the child; `onLine` may kill it. The outcome is undefined when it was killed. */
async function run(
  checkpoint: string,
  result: string,
  onLine: (line: string, kill: () => void) => void = () => {},
): Promise<{ outcome: Outcome | undefined; ms: number; readyMs: number }> {
  const start = performance.now();
  let readyMs = 0;
  const child = spawn(
    process.execPath,
    ["--import", "tsx", fileURLToPath(new URL("faults-run.ts", import.meta.url)), checkpoint, result],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  let outcome: Outcome | undefined;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (line === "ready") readyMs = performance.now() - start;
      if (line.startsWith("result ")) outcome = JSON.parse(line.slice(7));
      onLine(line, () => child.kill("SIGKILL"));
    }
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on("close", (...end) => resolve(end));
  });
  if (code !== 0 && signal !== "SIGKILL") throw new Error(`the run ended with ${code ?? signal}`);
  return { outcome, ms: performance.now() - start, readyMs };
}

const reference = join(folder, "reference.json");
const undisturbed = await run("", reference);
const searchMs = undisturbed.ms - undisturbed.readyMs;
const total = undisturbed.outcome!.evaluations;
say(
  `undisturbed: ${total} evaluations in ${Math.round(searchMs)} ms after ${Math.round(undisturbed.readyMs)} ms of start`,
);
const same = (path: string) => readFileSync(path).equals(readFileSync(reference));

const kills = Number(flags.kills);
const random = new Random(`faults ${flags.seed}`);
const killed = join(folder, "killed.checkpoint");
const killedResult = join(folder, "killed.json");
const moments: number[] = [];
let last: Outcome | undefined;
let died = 0;
// Every life gets a random share of what the whole takes, so that the moments are spread over the run and its starts.
while (died < kills) {
  const delay = random.next() * (searchMs / kills) * 1.8;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const { outcome } = await run(killed, killedResult, (line, kill) => {
    if (line === "ready") timer = setTimeout(kill, delay);
  });
  clearTimeout(timer);
  if (outcome !== undefined) {
    say(`the run ended after ${died} kills; another one is begun`);
    if (!same(killedResult)) break;
    last = outcome;
    rmSync(killed, { force: true });
    continue;
  }
  died++;
  const answers = existsSync(killed)
    ? (readFileSync(killed, "utf8").match(/"kind":"answer"/g)?.length ?? 0)
    : 0;
  moments.push(answers);
  say(`kill ${died}: ${Math.round(delay)} ms after it began to search, ${answers} of ${total} answers kept`);
}
last = (await run(killed, killedResult)).outcome ?? last;
const killReport = {
  kills: died,
  answersKeptAtEachKill: moments,
  evaluatedInLastLife: last?.asked,
  resumedAnswers: last?.checkpoint?.resumedAnswers,
  sameBytes: same(killedResult),
};
say(`after ${died} kills: ${JSON.stringify(killReport)}`);

/** A small file system of its own; undefined where mounting is not allowed. */
function mountTmpfs(
  name: string,
  size: string,
): { path: string; remount(options: string): void; unmount(): void } | undefined {
  const path = join(folder, name);
  mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path], { stdio: "pipe" });
  } catch {
    return undefined;
  }
  return {
    path,
    remount: (options) => execFileSync("mount", ["-o", `remount,${options}`, path], { stdio: "pipe" }),
    unmount: () => execFileSync("umount", [path], { stdio: "pipe" }),
  };
}

/** What is left of a checkpoint after the fault must be good: a run resumes from it and ends as the reference does. */
async function resumes(checkpoint: string): Promise<boolean> {
  const copy = join(folder, "copy.checkpoint");
  copyFileSync(checkpoint, copy);
  const { outcome } = await run(copy, join(folder, "copy.json"));
  return same(join(folder, "copy.json")) && (outcome?.checkpoint?.resumedAnswers ?? 0) > 0;
}

async function disturbed(
  name: string,
  size: string,
  onLine: (line: string, disk: NonNullable<ReturnType<typeof mountTmpfs>>) => void,
) {
  const disk = mountTmpfs(name, size);
  if (disk === undefined) {
    say(`${name}: mounting is not allowed here; test/engine/faults.test.ts does it with a store that fails`);
    return { skipped: true };
  }
  try {
    const result = join(folder, `${name}.json`);
    const checkpoint = join(disk.path, "run.checkpoint");
    const { outcome } = await run(checkpoint, result, (line) => onLine(line, disk));
    const report = {
      ...outcome?.checkpoint,
      generations: outcome?.generations,
      sameBytes: same(result),
      resumesFromWhatIsLeft: await resumes(checkpoint),
    };
    say(`${name}: ${JSON.stringify(report)}`);
    return report;
  } finally {
    disk.unmount();
  }
}

const fullDisk = await disturbed("full-disk", "16k", () => {});
const readOnly = await disturbed("read-only-from-generation-2", "4m", (line, disk) => {
  if (line === "generation 2") disk.remount("ro");
});
const readOnlyForAWhile = await disturbed("read-only-for-a-while", "4m", (line, disk) => {
  if (line === "generation 2") disk.remount("ro");
  if (line === "generation 6") disk.remount("rw");
});
rmSync(folder, { recursive: true, force: true });
if (flags.json)
  console.log(
    JSON.stringify({ evaluations: total, kill: killReport, fullDisk, readOnly, readOnlyForAWhile }),
  );
const failed = [killReport, fullDisk, readOnly, readOnlyForAWhile].some(
  (report) =>
    ("sameBytes" in report && !report.sameBytes) ||
    ("resumesFromWhatIsLeft" in report && !report.resumesFromWhatIsLeft),
);
if (failed) process.exitCode = 1;
