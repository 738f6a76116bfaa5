//   npm run bench:faults -- [--kills 20] [--seed 1] [--json]
// A measured run (the demo's network on ONNX Runtime) is killed repeatedly with SIGKILL, and finds
// its disk full and its folder read-only. It must end with the archive of an undisturbed run, byte
// for byte.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { archiveToString, type LayerSpec, QuantizationEvolutionEngine } from "../src/index.js";
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
): Promise<{ outcome: Outcome | undefined; ms: number; evaluatingMs: number }> {
  const start = performance.now();
  let evaluatingMs = 0;
  const child = spawn(
    process.execPath,
    [
      "--import",
      "tsx",
      fileURLToPath(new URL("faults-run.ts", import.meta.url)),
      checkpoint,
      result,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  let outcome: Outcome | undefined;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (line === "evaluating") evaluatingMs = performance.now() - start;
      if (line.startsWith("result ")) outcome = JSON.parse(line.slice(7));
      onLine(line, () => child.kill("SIGKILL"));
    }
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on("close", (...end) => resolve(end));
  });
  if (code !== 0 && signal !== "SIGKILL") throw new Error(`the run ended with ${code ?? signal}`);
  return { outcome, ms: performance.now() - start, evaluatingMs };
}

const reference = join(folder, "reference.json");
const undisturbed = await run("", reference);
const evaluatingMs = undisturbed.ms - undisturbed.evaluatingMs;
const total = undisturbed.outcome!.evaluations;
say(
  `undisturbed: ${total} evaluations in ${Math.round(evaluatingMs)} ms after ` +
    `${Math.round(undisturbed.evaluatingMs)} ms of start`,
);
const same = (path: string) => readFileSync(path).equals(readFileSync(reference));

const answersIn = (path: string) =>
  existsSync(path) ? (readFileSync(path, "utf8").match(/"kind":"answer"/g)?.length ?? 0) : 0;

const kills = Number(flags.kills);
const random = new Random(`faults ${flags.seed}`);
const killed = join(folder, "killed.checkpoint");
const killedResult = join(folder, "killed.json");
const moments: number[] = [];
let final: Outcome | undefined;
let died = 0;
let finished = 0;
const count = (line: string) => {
  if (line === "answer") finished++;
};
// Every life makes a random number of evaluations, so that the moments are spread over the run, and
// dies a random time after the last of them; one in six dies while it starts or is given back what
// it knew.
while (died < kills) {
  let left = random.chance(1 / 6) ? 0 : 1 + random.integer(Math.ceil((2 * total) / kills));
  const last = left === 0 ? "ready" : "answer";
  const delay = (2 * random.next() * evaluatingMs) / total;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const { outcome } = await run(killed, killedResult, (line, kill) => {
    count(line);
    if (line === last && --left <= 0) timer ??= setTimeout(kill, delay);
  });
  clearTimeout(timer);
  if (outcome !== undefined) {
    say(`the run ended after ${died} kills; another one is begun`);
    if (!same(killedResult)) break;
    final = outcome;
    finished -= total;
    rmSync(killed, { force: true });
    continue;
  }
  died++;
  moments.push(answersIn(killed));
  say(
    `kill ${died}: ${Math.round(delay)} ms after "${last}", ${moments.at(-1)} of ${total} ` +
      "answers kept",
  );
}
final = (await run(killed, killedResult, count)).outcome ?? final;
const killReport = {
  kills: died,
  answersKeptAtEachKill: moments,
  evaluatedInLastLife: final?.asked,
  resumedAnswers: final?.checkpoint?.resumedAnswers,
  finishedEvaluationsMadeAgain: finished - total,
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
    remount: (options) =>
      execFileSync("mount", ["-o", `remount,${options}`, path], { stdio: "pipe" }),
    unmount: () => execFileSync("umount", [path], { stdio: "pipe" }),
  };
}

/**
 * What is left of a checkpoint after the fault must be good: a run resumes from it and ends as the
 * reference does.
 */
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
    say(
      `${name}: mounting is not allowed here; test/engine/faults.test.ts does it with a ` +
        "store that fails",
    );
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

/**
 * Five thousand layers: a run, the same resumed half-way, and how long an abort in its middle
 * takes.
 */
async function manyLayers(count: number) {
  const layers: LayerSpec[] = Array.from({ length: count }, (_, i) => ({
    name: `layer ${i}`,
    kind: "gemm",
    parameterCount: 64,
    macs: 64,
    inputShape: [1, 8],
    outputShape: [1, 8],
  }));
  const engine = new QuantizationEvolutionEngine({
    populationSize: 10,
    maxGenerations: 4,
    seed: 1,
  });
  const checkpoint = join(folder, "layers.checkpoint");
  const start = performance.now();
  const whole = await engine.runEvolution(layers);
  const ms = performance.now() - start;
  const abort = new AbortController();
  let abortedAt = 0;
  await engine.runEvolution(layers, {
    checkpoint,
    signal: abort.signal,
    callback: (generation) => {
      if (generation === 1)
        setTimeout(() => {
          abortedAt = performance.now();
          abort.abort();
        }, 50);
    },
  });
  const abortMs = performance.now() - abortedAt;
  const resumed = await engine.runEvolution(layers, { checkpoint });
  return {
    layers: count,
    evaluations: whole.evaluations,
    ms: Math.round(ms),
    abortMs: Math.round(abortMs),
    resumedAnswers: resumed.checkpoint?.resumedAnswers,
    sameBytes: archiveToString(resumed) === archiveToString(whole),
  };
}
const large = await manyLayers(5000);
say(`5,000 layers: ${JSON.stringify(large)}`);
rmSync(folder, { recursive: true, force: true });
if (flags.json)
  console.log(
    JSON.stringify({
      evaluations: total,
      kill: killReport,
      fullDisk,
      readOnly,
      readOnlyForAWhile,
      large,
    }),
  );
const failed = [killReport, fullDisk, readOnly, readOnlyForAWhile, large].some(
  (report) =>
    ("sameBytes" in report && !report.sameBytes) ||
    ("resumesFromWhatIsLeft" in report && !report.resumesFromWhatIsLeft),
);
if (failed) process.exitCode = 1;
