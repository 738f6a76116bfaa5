//   npm run bench:before-after -- --zoo DIR [--rounds 1] [--json FILE]
// The demo and two searches on the zoo at three commits: the last without the SIMD kernels, the one
// that added them (the same search otherwise), and this one. It reports processor and wall time,
// the least of the rounds.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root, sourceAt } from "./source-at.js";

const { values: args } = parseArgs({
  options: {
    zoo: { type: "string" },
    rounds: { type: "string", default: "1" },
    json: { type: "string" },
  },
});
const { zoo } = args;
if (zoo === undefined || !existsSync(join(zoo, "shakespeare-gpt")))
  throw new Error(`--zoo is ${zoo ?? "missing"}; allowed: the folder of the zoo's models`);

const versions = [
  { name: "before", folder: sourceAt("8fb67d6") },
  { name: "with kernels", folder: sourceAt("a52c919") },
  { name: "now", folder: root },
];
const few = ["--population", "8", "--generations", "2"];
const search = (model: string, inputs: string, labels: string, ...more: string[]) => [
  ...["examples/quantize-onnx.ts", "--model", join(zoo, model, "model.onnx")],
  ...["--calibration-inputs", join(zoo, inputs), "--test-inputs", join(zoo, inputs)],
  ...(labels === ""
    ? []
    : ["--calibration-labels", join(zoo, labels), "--test-labels", join(zoo, labels)]),
  ...[...more, ...few],
];
const jobs: Readonly<Record<string, readonly string[]>> = {
  demo: ["examples/demo.ts"],
  "search kws-dscnn": search(
    "kws-dscnn",
    "kws-dscnn/calibration-features.npy",
    "kws-dscnn/calibration-labels.npy",
  ),
  "search shakespeare-gpt": search(
    ...(["shakespeare-gpt", "shakespeare-gpt/calibration-tokens.npy", ""] as const),
    ...["--metric", "perplexity", "--window", "128", "--windows", "16"],
  ),
};

/** Seconds of a run: of the processor (all its threads and children) and on the wall. */
function run(folder: string, job: readonly string[]): { cpu: number; wall: number } {
  const out = mkdtempSync(join(tmpdir(), "quantevo-out-"));
  const inOut = job[0] === "examples/demo.ts" ? [] : ["--out", out];
  const start = performance.now();
  const command = `"$@" > "$OUT/log" 2>&1; code=$?; times; exit $code`;
  const child = spawnSync(
    "bash",
    ["-c", command, "run", join(root, "node_modules/.bin/tsx"), ...job, ...inOut],
    { cwd: folder, encoding: "utf8", env: { ...process.env, OUT: out } },
  );
  if (child.status !== 0) throw new Error(`${job[0]} in ${folder} failed; see ${out}/log`);
  const times = /(\S+)m(\S+)s (\S+)m(\S+)s\s*$/.exec(child.stdout.trim());
  const [userMin, user, systemMin, system] = (times ?? []).slice(1).map(Number);
  const cpu = 60 * (userMin! + systemMin!) + user! + system!;
  return { cpu, wall: (performance.now() - start) / 1000 };
}

const results: { job: string; version: string; cpu: number; wall: number }[] = [];
for (const [job, command] of Object.entries(jobs)) {
  const best = versions.map(() => ({
    cpu: Number.POSITIVE_INFINITY,
    wall: Number.POSITIVE_INFINITY,
  }));
  for (let round = 0; round < Number(args.rounds); round++)
    versions.forEach(({ folder }, i) => {
      const { cpu, wall } = run(folder, command);
      best[i] = { cpu: Math.min(cpu, best[i]!.cpu), wall: Math.min(wall, best[i]!.wall) };
    });
  const text = versions.map(({ name }, i) => {
    const { cpu, wall } = best[i]!;
    results.push({ job, version: name, cpu, wall });
    return `${name} ${cpu.toFixed(1)} s (wall ${wall.toFixed(1)})`;
  });
  console.log(`${job}: ${text.join(", ")}`);
}
if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(results, null, 2)}\n`);
