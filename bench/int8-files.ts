// npm run bench:int8 -- --folder DIR [--models a,b] [--threads 1,2] [--markdown] [--json FILE]
// Our INT8 files of real models beside ONNX Runtime's own static quantization of the same data:
// speed over float32 in alternating runs, SQNR of the outputs, file sizes, and what
// `onnxRuntimeCostModel` predicts. `python3 bench/int8/prepare.py DIR` sets the folder up. Each model
// runs in a process of its own, since some end it.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as ort from "onnxruntime-node";
import { loadOnnxModel, onnxRuntimeCostModel, quantizeOnnx } from "../src/formats/onnx/index.js";
import { LayerQuantConfig, QuantizationGenome, type WeightBits } from "../src/index.js";
import { rankCorrelation } from "../src/numeric/rank-correlation.js";
import { batchOf, batchSizeOf, type Sample, samplesOf } from "./int8/samples.js";

const { values: flags } = parseArgs({
  options: {
    folder: { type: "string" },
    models: { type: "string" },
    threads: { type: "string", default: "1,2" },
    child: { type: "string" },
    markdown: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const { folder } = flags;
if (folder === undefined) throw new Error("--folder is missing; see the head of this file");
const THREADS = flags.threads.split(",").map(Number);
const ROUNDS = 15;
const MOST_MS = 6000;

/** What one file did. */
interface FileFigures {
  readonly bytes: number;
  /** Speed over float32 by threads, the median of paired runs. */
  readonly speed: Readonly<Record<number, number>>;
  /** Of the worst output, dB. */
  readonly sqnrDb: number;
}

interface ModelFigures {
  readonly name: string;
  readonly floatMs?: Readonly<Record<number, number>>;
  readonly floatBytes?: number;
  /** The runtime's own file: the faster of its two, see bench/int8/peer.py. */
  readonly own?: FileFigures;
  readonly int8?: FileFigures & { readonly predicted: number };
  readonly w4a8?: FileFigures & { readonly predicted: number };
  readonly error?: string;
}

const feedsOf = (sample: Sample) =>
  Object.fromEntries(
    Object.entries(sample).map(([input, { dtype, dims, data }]) => [
      input,
      new ort.Tensor(dtype, data as never, dims),
    ]),
  );

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const open = (source: Uint8Array, threads: number) =>
  ort.InferenceSession.create(source, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });

/** Milliseconds of each file by round; the files take turns in every round. */
async function takeTurns(
  files: ReadonlyMap<string, Uint8Array>,
  samples: readonly Sample[],
  threads: number,
): Promise<Map<string, number[]>> {
  const sessions = new Map<string, ort.InferenceSession>();
  const feeds = samples.map(feedsOf);
  const times = new Map<string, number[]>();
  for (const [name, bytes] of files) {
    const session = await open(bytes, threads);
    await session.run(feeds[0]!);
    sessions.set(name, session);
    times.set(name, []);
  }
  let start = performance.now();
  await sessions.get("float")!.run(feeds[0]!);
  const repeats = Math.max(1, Math.min(200, Math.round(2 / (performance.now() - start))));
  const begin = performance.now();
  for (let round = 0; round < 200; round++) {
    const spent = performance.now() - begin;
    if ((round >= ROUNDS && spent > 1500) || (round >= 5 && spent > MOST_MS)) break;
    for (const [name, session] of sessions) {
      start = performance.now();
      for (let i = 0; i < repeats; i++) await session.run(feeds[round % feeds.length]!);
      times.get(name)!.push((performance.now() - start) / repeats);
    }
  }
  for (const session of sessions.values()) await session.release();
  return times;
}

/** Of the worst float output over all test samples, dB. */
async function sqnrOf(float: Uint8Array, file: Uint8Array, samples: readonly Sample[]) {
  const [a, b] = [await open(float, 1), await open(file, 1)];
  const sums = new Map<string, [signal: number, noise: number]>();
  for (const sample of samples) {
    const [before, after] = [await a.run(feedsOf(sample)), await b.run(feedsOf(sample))];
    for (const [name, tensor] of Object.entries(before)) {
      const other = after[name];
      if (tensor.type !== "float32" || other?.data.length !== tensor.data.length) continue;
      const sum = sums.get(name) ?? [0, 0];
      for (const [i, value] of (tensor.data as Float32Array).entries()) {
        sum[0] += value * value;
        sum[1] += (value - (other.data[i] as number)) ** 2;
      }
      sums.set(name, sum);
    }
  }
  await a.release();
  await b.release();
  const decibels = [...sums.values()].map(([s, n]) => 10 * Math.log10(s / Math.max(n, s * 1e-12)));
  return Math.min(...decibels.filter(Number.isFinite));
}

async function figuresOf(name: string): Promise<ModelFigures> {
  const float = readFileSync(`${folder}/models/${name}.onnx`);
  const samples = samplesOf(folder!, name, "test");
  const calibration = samplesOf(folder!, name, "calib").map(batchOf);
  const model = await loadOnnxModel(float, { sample: calibration[0]! });
  const genomeOf = (weightBits: WeightBits) =>
    new QuantizationGenome({
      layerConfigs: new Map(
        model.layers.map((layer) => [layer.name, new LayerQuantConfig({ weightBits })]),
      ),
    });
  const files = new Map<string, Uint8Array>([["float", float]]);
  for (const own of ["own", "own2"])
    if (existsSync(`${folder}/${own}/${name}.onnx`))
      files.set(own, readFileSync(`${folder}/${own}/${name}.onnx`));
  const genomes = { int8: genomeOf(8), w4a8: genomeOf(4) };
  for (const [format, genome] of Object.entries(genomes))
    files.set(format, await quantizeOnnx(model, genome, { calibration }));
  const speeds = new Map<string, Record<number, number>>([...files.keys()].map((f) => [f, {}]));
  const floatMs: Record<number, number> = {};
  for (const threads of THREADS) {
    const times = await takeTurns(files, samples, threads);
    const base = times.get("float")!;
    floatMs[threads] = median(base);
    for (const [file, own] of times)
      speeds.get(file)![threads] = median(own.map((ms, i) => base[i]! / ms));
  }
  const costModel = onnxRuntimeCostModel(model, { batch: batchSizeOf(model, calibration[0]!) });
  const floatGenome = new QuantizationGenome({
    layerConfigs: new Map(
      model.layers.map((layer) => [
        layer.name,
        new LayerQuantConfig({ weightBits: 32, activationBits: 32 }),
      ]),
    ),
  });
  const predictedMs = (genome: QuantizationGenome) =>
    costModel.estimate(model.spec, genome).latencyMs;
  const figures = async (file: string): Promise<FileFigures | undefined> => {
    const bytes = files.get(file);
    if (bytes === undefined) return undefined;
    const sqnrDb = await sqnrOf(float, bytes, samples);
    return { bytes: bytes.length, speed: speeds.get(file)!, sqnrDb };
  };
  const peers = [await figures("own"), await figures("own2")].filter((one) => one !== undefined);
  const first = THREADS[0]!;
  const own = peers.sort((a, b) => b.speed[first]! - a.speed[first]!)[0];
  const withPrediction = async (file: "int8" | "w4a8") => ({
    ...(await figures(file))!,
    predicted: predictedMs(floatGenome) / predictedMs(genomes[file]),
  });
  return {
    name,
    floatMs,
    floatBytes: float.length,
    ...(own && { own }),
    int8: await withPrediction("int8"),
    w4a8: await withPrediction("w4a8"),
  };
}

if (flags.child !== undefined) {
  const figures = await figuresOf(flags.child);
  process.stdout.write(`\nFIGURES ${JSON.stringify(figures)}\n`);
  process.exit(0);
}

const names =
  flags.models?.split(",") ??
  readdirSync(`${folder}/models`)
    .filter((file) => file.endsWith(".onnx") && existsSync(`${folder}/data/${file.slice(0, -5)}`))
    .map((file) => file.slice(0, -5))
    .sort((a, b) => size(a) - size(b));

function size(name: string): number {
  return statSync(`${folder}/models/${name}.onnx`).size;
}

const show = (value: number | undefined, digits = 2) =>
  value === undefined || Number.isNaN(value) ? "-" : value.toFixed(digits);

const head = [
  ...["model", "float ms"],
  ...THREADS.flatMap((t) => [`own, ${t} thr.`, `INT8, ${t} thr.`]),
  ...["predicted", "W4A8", "own dB", "INT8 dB", "W4A8 dB", "own KB", "INT8 KB", "W4A8 KB"],
];
const lines = [head];
const print = (cells: readonly string[]) =>
  console.log(
    flags.markdown
      ? `| ${cells.join(" | ")} |`
      : cells.map((cell, i) => (i === 0 ? cell.padEnd(18) : cell.padStart(11))).join(" "),
  );
print(head);
if (flags.markdown) print(head.map(() => "---"));
const all: ModelFigures[] = [];
for (const name of names) {
  let figures: ModelFigures;
  try {
    const output = execFileSync(
      process.execPath,
      [
        ...["--import", "tsx", fileURLToPath(import.meta.url), "--folder", folder],
        ...["--threads", flags.threads, "--child", name],
      ],
      { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 300_000 },
    );
    figures = JSON.parse(/^FIGURES (.*)$/m.exec(output)![1]!) as ModelFigures;
  } catch (error) {
    const { stderr = "", message } = error as { stderr?: string; message: string };
    const reason = /^\w*Error.*$/m.exec(stderr)?.[0] ?? message.split("\n")[0]!;
    figures = { name, error: reason.slice(0, 200) };
  }
  all.push(figures);
  const { own, int8, w4a8 } = figures;
  const cells = [
    name,
    show(figures.floatMs?.[THREADS[0]!]),
    ...THREADS.flatMap((t) => [show(own?.speed[t]), show(int8?.speed[t])]),
    show(int8?.predicted),
    show(w4a8?.speed[THREADS[0]!]),
    ...[own, int8, w4a8].map((file) => show(file?.sqnrDb, 1)),
    ...[own, int8, w4a8].map((file) => show(file && file.bytes / 1000, 0)),
  ];
  lines.push(cells);
  print(figures.error === undefined ? cells : [name, figures.error]);
}
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(all, null, 1)}\n`);

const both = all.filter(({ own, int8 }) => own !== undefined && int8 !== undefined);
const share = (test: (one: ModelFigures) => boolean) =>
  `${both.filter(test).length} of ${both.length}`;
for (const t of THREADS) {
  console.log(
    `\n${t} thread(s): at least 0.95x the runtime's own ` +
      share(({ own, int8 }) => int8!.speed[t]! >= 0.95 * own!.speed[t]!) +
      "; not slower than float32, or its own is too: " +
      share(({ own, int8 }) => int8!.speed[t]! >= 1 || own!.speed[t]! < 1),
  );
}
console.log(
  `SQNR at least its own: ${share(({ own, int8 }) => int8!.sqnrDb >= own!.sqnrDb)}; file not ` +
    `larger: ${share(({ own, int8 }) => int8!.bytes <= own!.bytes)}`,
);
const pairs = all.flatMap(({ int8, w4a8 }) =>
  [int8, w4a8].flatMap((file) => (file ? [[file.predicted, file.speed[1] ?? Number.NaN]] : [])),
) as [number, number][];
const errors = pairs.map(([predicted, measured]) => Math.abs(predicted / measured - 1));
console.log(
  `predicted speed over float32 (${pairs.length} files): rank correlation ` +
    `${show(
      rankCorrelation(
        pairs.map(([p]) => p),
        pairs.map(([, m]) => m),
      ),
    )}, median error ` +
    `${show(100 * median(errors), 0)}%, sign right in ` +
    `${pairs.filter(([p, m]) => p >= 1 === m >= 1).length}`,
);
