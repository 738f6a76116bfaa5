// npm run bench:threads -- [--zoo DIR] [--threads 2] [--rounds 5] [--json FILE]
// Wall time of a whole noise table and of an export, on this thread and on more, from the built package.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type * as Core from "../src/index.js";
import type * as Onnx from "../src/onnx/index.js";

const { values: args } = parseArgs({
  options: {
    zoo: { type: "string", default: "/work/shared/zoo" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    json: { type: "string" },
  },
});
const built = (door: string) => import(new URL(`../out/dist/${door}`, import.meta.url).href);
const { LayerQuantConfig, QuantizationGenome } = (await built("index.js")) as typeof Core;
const { computeNoiseTable, loadOnnxModel, quantizeOnnx } = (await built("onnx/index.js")) as typeof Onnx;

const path = join(args.zoo, "shakespeare-gpt/model.onnx");
const model = await loadOnnxModel(path);
const settings = (["min-max", "percentile", "mse", "entropy"] as const).flatMap((method) =>
  (["per-tensor", "per-channel", "per-group"] as const).flatMap((granularity) =>
    ([2, 3, 4, 5, 6, 8] as const).map((weightBits) => ({
      config: new LayerQuantConfig({ weightBits, granularity, groupSize: 32 }),
      method,
    })),
  ),
);
const genomeOf = (method: "min-max" | "mse") =>
  new QuantizationGenome({
    layerConfigs: Object.fromEntries(
      model.layers.map(({ name }) => [
        name,
        { weightBits: 4, activationBits: 32, granularity: "per-group", groupSize: 32 } as const,
      ]),
    ),
    calibrationMethod: method,
  });

/** What is timed; gives something to compare. */
const jobs: Readonly<Record<string, (threads: number | undefined) => Promise<string>>> = {
  [`noise table, ${settings.length} settings of ${model.layers.length} layers`]: async (threads) => {
    const table = await computeNoiseTable(model.spec, settings, { threads });
    return settings
      .flatMap(({ config, method }) =>
        model.layers.map(({ name }) => table.weightNoise(name, config, method)),
      )
      .join();
  },
  // Loaded afresh, as a model remembers its quantized weights.
  "export, 4 bits per group, mse": async (threads) =>
    Buffer.from(await quantizeOnnx(await loadOnnxModel(path), genomeOf("mse"), { threads })).toString(
      "base64",
    ),
  "export, 4 bits per group, min-max": async (threads) =>
    Buffer.from(await quantizeOnnx(await loadOnnxModel(path), genomeOf("min-max"), { threads })).toString(
      "base64",
    ),
};

interface Row {
  readonly job: string;
  /** Least wall time of the rounds: on one thread, on `--threads`, and as the default chooses. */
  readonly wallMs: readonly number[];
  /** Least processor time of the rounds, of all threads together: what threads add is their cost. */
  readonly cpuMs: readonly number[];
  /** All gave the same bits. */
  readonly same: boolean;
}

const cpuNow = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const counts = [1, Number(args.threads), undefined];
const rows: Row[] = [];
for (const [job, run] of Object.entries(jobs)) {
  const wallMs = counts.map(() => Number.POSITIVE_INFINITY);
  const cpuMs = [...wallMs];
  const results = new Set<string>();
  for (let round = 0; round < Number(args.rounds); round++)
    for (const [i, threads] of counts.entries()) {
      const [start, cpuStart] = [performance.now(), cpuNow()];
      results.add(await run(threads));
      wallMs[i] = Math.min(wallMs[i]!, performance.now() - start);
      cpuMs[i] = Math.min(cpuMs[i]!, cpuNow() - cpuStart);
    }
  rows.push({ job, wallMs, cpuMs, same: results.size === 1 });
  const shown = (ms: readonly number[]) =>
    `${ms[0]!.toFixed(0)} ms on 1 thread, ${ms[1]!.toFixed(0)} on ${args.threads} (${(ms[0]! / ms[1]!).toFixed(2)}x), ${ms[2]!.toFixed(0)} by default`;
  console.log(`${job}\n  wall ${shown(wallMs)}\n  cpu  ${shown(cpuMs)}`);
}
if (args.json !== undefined)
  writeFileSync(args.json, JSON.stringify({ threads: Number(args.threads), rows }));
if (rows.some(({ same }) => !same)) throw new Error("results differ with the number of threads");
console.log(`the same bits in all of ${args.rounds} rounds`);
