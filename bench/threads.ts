//   npm run bench:threads -- [--zoo DIR] [--threads 2] [--rounds 5] [--json FILE]
// Wall and processor time of noise tables, of calibrating all weights and of an export, from the
// built package. Each runs on this thread, on more with copied weights, on more with weights in
// shared memory, and as the default chooses.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type * as Onnx from "../src/formats/onnx/index.js";
import type * as Core from "../src/index.js";
import type * as Quantization from "../src/quantization/index.js";

const { values: args } = parseArgs({
  options: {
    zoo: { type: "string", default: "/work/shared/zoo" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    json: { type: "string" },
  },
});
const built = (entry: string) => import(new URL(`../out/dist/${entry}`, import.meta.url).href);
const { LayerQuantConfig, QuantizationGenome } = (await built("index.js")) as typeof Core;
const { TensorArena } = (await built("quantization/index.js")) as typeof Quantization;
const { calibrateWeights, computeNoiseTable, loadOnnxModel, quantizeOnnx, shareWeights } =
  (await built("onnx/index.js")) as typeof Onnx;

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

interface Way {
  readonly name: string;
  readonly threads: number | undefined;
  /** Weights were put into shared memory before. */
  readonly shared: boolean;
}
const more = Number(args.threads);
const ways: readonly Way[] = [
  { name: "1 thread", threads: 1, shared: false },
  { name: `${more} threads, copies`, threads: more, shared: false },
  { name: `${more} threads, shared`, threads: more, shared: true },
  { name: "default", threads: undefined, shared: false },
];

/** Four layers of random weights, one of them as large as the others together. */
function randomModel(elements: number, shared: boolean): Core.ModelSpec {
  const arena = shared ? new TensorArena({ maxBytes: 4 * elements + 2 ** 20, shared }) : undefined;
  let state = 1;
  const layers = [elements / 2, elements / 6, elements / 6, elements / 6].map(
    (count, i): Core.LayerSpec => {
      const columns = 512;
      const rows = Math.floor(count / columns);
      const weights = new Float32Array(rows * columns);
      for (let j = 0; j < weights.length; j++) {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        weights[j] = state / 2 ** 31;
      }
      return {
        ...{ name: `l${i}`, kind: "gemm", parameterCount: weights.length, macs: weights.length },
        ...{ inputShape: [columns], outputShape: [rows], weights: arena?.put(weights) ?? weights },
        weightLayout: { shape: [rows, columns], channelAxis: 0, groupAxis: 1 },
      };
    },
  );
  return { name: "random", source: "user", layers };
}

/** What is timed; gives something to compare. What is prepared before is not timed. */
type Job = (shared: boolean) => Promise<(threads: number | undefined) => Promise<string>>;

const tableOf =
  (spec: Core.ModelSpec, wanted: typeof settings, maxElements?: number) =>
  async (threads: number | undefined): Promise<string> => {
    const table = await computeNoiseTable(spec, wanted, { threads, maxElements });
    return wanted
      .flatMap(({ config, method }) =>
        spec.layers.map(({ name }) => table.weightNoise(name, config, method)),
      )
      .join();
  };
// Loaded afresh each time, as a model remembers its quantized weights.
const zooModel = async (shared: boolean) => {
  const loaded = await loadOnnxModel(path);
  return shared ? shareWeights(loaded) : loaded;
};
const jobs: Readonly<Record<string, Job>> = {
  [`noise table, ${settings.length} settings of ${model.layers.length} layers`]: async (shared) =>
    tableOf((await zooModel(shared)).spec, settings),
  ...Object.fromEntries(
    [0.5, 2, 8].map((millions): [string, Job] => [
      `noise of all of ${millions} M random weights, 4 bits per channel, mse`,
      async (shared) =>
        tableOf(
          randomModel(millions * 1e6, shared),
          [
            {
              config: new LayerQuantConfig({ weightBits: 4, granularity: "per-channel" }),
              method: "mse",
            },
          ],
          Number.MAX_SAFE_INTEGER,
        ),
    ]),
  ),
  "calibrate all weights, 4 bits per group, mse": async (shared) => {
    const loaded = await zooModel(shared);
    return async (threads) =>
      [...(await calibrateWeights(loaded, genomeOf("mse"), { threads })).values()]
        .map(({ scale }) => scale.join())
        .join();
  },
  ...Object.fromEntries(
    (["mse", "min-max"] as const).map((method): [string, Job] => [
      `export, 4 bits per group, ${method}`,
      async (shared) => {
        const loaded = await zooModel(shared);
        return async (threads) =>
          Buffer.from(await quantizeOnnx(loaded, genomeOf(method), { threads })).toString("base64");
      },
    ]),
  ),
};

interface Row {
  readonly job: string;
  /** As the jobs were done. */
  readonly ways: readonly string[];
  /** Least wall time of the rounds. */
  readonly wallMs: readonly number[];
  /**
   * Least processor time of the rounds, of all threads together: what threads add is their cost.
   */
  readonly cpuMs: readonly number[];
  /** All gave the same bits. */
  readonly same: boolean;
}

const cpuNow = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const rows: Row[] = [];
for (const [job, prepare] of Object.entries(jobs)) {
  const wallMs = ways.map(() => Number.POSITIVE_INFINITY);
  const cpuMs = [...wallMs];
  const results = new Set<string>();
  for (let round = 0; round < Number(args.rounds); round++)
    for (const [i, { threads, shared }] of ways.entries()) {
      const run = await prepare(shared);
      const [start, cpuStart] = [performance.now(), cpuNow()];
      results.add(await run(threads));
      wallMs[i] = Math.min(wallMs[i]!, performance.now() - start);
      cpuMs[i] = Math.min(cpuMs[i]!, cpuNow() - cpuStart);
    }
  rows.push({ job, ways: ways.map(({ name }) => name), wallMs, cpuMs, same: results.size === 1 });
  console.log(job);
  for (const [i, { name }] of ways.entries())
    console.log(
      `  ${name.padEnd(18)} wall ${wallMs[i]!.toFixed(0).padStart(6)} ms ` +
        `(${(wallMs[0]! / wallMs[i]!).toFixed(2)}x), cpu ${cpuMs[i]!.toFixed(0).padStart(6)} ms`,
    );
}
if (args.json !== undefined) writeFileSync(args.json, JSON.stringify({ threads: more, rows }));
if (rows.some(({ same }) => !same)) throw new Error("results differ with the number of threads");
console.log(`the same bits in all of ${args.rounds} rounds`);
