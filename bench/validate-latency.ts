/**
 * npm run validate:latency -- --folder DIR [--models a,b] [--runs 40] [--json FILE] [--again]
 *   [--markdown]
 *
 * Predicted against measured latency of real models in ONNX Runtime: for each model float32, INT8,
 * W4A8, the first half INT8, every other layer INT8, and a random mixture, on one thread. The
 * folder is that of `bench:int8` (models/NAME.onnx, data/NAME/calib.json and .bin).
 *
 * Each model is measured twice, in two processes, the second with the genomes in reverse order. In
 * each the genomes take turns, and the fastest run of each counts: other work on the machine only
 * adds time. The distance of the two speeds over float32 is the repeat noise. `--json FILE` keeps
 * the measurements; a later run reads them from there and only predicts anew, but for `--again`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  loadOnnxModel,
  measureOnnxLatencies,
  type OnnxModel,
  onnxRuntimeCostModel,
} from "../src/formats/onnx/index.js";
import { LayerQuantConfig, QuantizationGenome } from "../src/index.js";
import type { Batch } from "../src/measure/batches/tensor-data.js";
import { Random } from "../src/random/random.js";
import { batchSizeOf } from "./int8/batch-size.js";
import { samplesOf } from "./int8/samples.js";
import { type MeasuredRow, median } from "./latency/rows.js";
import { rowCells, summaries } from "./latency/summary.js";

const { values: flags } = parseArgs({
  options: {
    folder: { type: "string" },
    models: { type: "string" },
    runs: { type: "string", default: "40" },
    json: { type: "string" },
    again: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    child: { type: "string" },
    what: { type: "string", default: "predict" },
  },
});
const { folder } = flags;
if (folder === undefined) throw new Error("--folder is missing; see the head of this file");

const FLOAT = new LayerQuantConfig({ weightBits: 32, activationBits: 32 });
const INT8 = new LayerQuantConfig({ weightBits: 8, activationBits: 8 });
const W4A8 = new LayerQuantConfig({ weightBits: 4, activationBits: 8 });
/** Of one model; it ends a run that hangs. */
const MOST_MS = 600_000;

/** What one process saw of a genome: its fastest run. */
interface Measured {
  readonly minMs: number;
}

/** What a file says of a model: each genome as two processes saw it. */
type Seen = Record<string, Record<string, readonly Measured[]>>;

/** What the cost model says of each genome. */
interface Predicted {
  readonly ms: Readonly<Record<string, number>>;
  readonly source: string;
}

/** Deterministic for each model. */
function genomesOf({ layers }: OnnxModel, name: string): [string, QuantizationGenome][] {
  const random = new Random(`latency ${name}`);
  const genome = (pick: (index: number) => LayerQuantConfig) =>
    new QuantizationGenome({
      calibrationMethod: "min-max",
      layerConfigs: new Map(layers.map((layer, i) => [layer.name, pick(i)])),
    });
  return [
    ["float32", genome(() => FLOAT)],
    ["int8", genome(() => INT8)],
    ["w4a8", genome(() => W4A8)],
    ["half", genome((i) => (i < layers.length / 2 ? INT8 : FLOAT))],
    ["alternating", genome((i) => (i % 2 === 1 ? INT8 : FLOAT))],
    ["mixed", genome(() => (random.chance(0.7) ? (random.chance(0.5) ? INT8 : W4A8) : FLOAT))],
  ];
}

/** Without the names of element types, which are no part of a batch. */
const batchOf = (sample: Batch): Batch =>
  Object.fromEntries(
    Object.entries(sample).map(([input, { dims, data }]) => [input, { dims, data }]),
  );

async function opened(name: string) {
  const calibration = samplesOf(folder!, name, "calib").slice(0, 2).map(batchOf);
  const input = calibration[0]!;
  const model = await loadOnnxModel(`${folder}/models/${name}.onnx`, { sample: input });
  return { calibration, input, model, genomes: genomesOf(model, name) };
}

async function predict(name: string): Promise<Predicted> {
  const { input, model, genomes } = await opened(name);
  const costModel = onnxRuntimeCostModel(model, { batch: batchSizeOf(model, input) });
  const estimates = genomes.map(([, one]) => costModel.estimate(model.spec, one));
  return {
    ms: Object.fromEntries(genomes.map(([genome], i) => [genome, estimates[i]!.latencyMs])),
    source: estimates[0]!.source,
  };
}

async function measure(name: string, reverse: boolean): Promise<Record<string, Measured>> {
  const { calibration, input, model, genomes } = await opened(name);
  const order = reverse ? genomes.toReversed() : genomes;
  const measured = await measureOnnxLatencies(
    model,
    order.map(([, genome]) => genome),
    { calibration, input, warmUp: 3, repetitions: Number(flags.runs) },
  );
  const times = new Map(order.map(([genome], i) => [genome, measured[i]!.minMs]));
  return Object.fromEntries(genomes.map(([genome]) => [genome, { minMs: times.get(genome)! }]));
}

if (flags.child !== undefined) {
  const { child, what } = flags;
  const result = what === "predict" ? await predict(child) : await measure(child, what !== "first");
  process.stdout.write(`\nRESULT ${JSON.stringify(result)}\n`, () => process.exit(0));
} else {
  validate(flags.models?.split(",") ?? allNames());
}

function allNames(): string[] {
  return readdirSync(`${folder}/models`)
    .filter((file) => file.endsWith(".onnx"))
    .map((file) => file.slice(0, -".onnx".length))
    .filter((name) => existsSync(`${folder}/data/${name}`))
    .sort();
}

function inChild<T>(name: string, what: "predict" | "first" | "second"): T {
  const output = execFileSync(
    process.execPath,
    [
      ...["--import", "tsx", fileURLToPath(import.meta.url), "--folder", folder!],
      ...["--runs", flags.runs, "--child", name, "--what", what],
    ],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: MOST_MS,
      maxBuffer: 2 ** 26,
    },
  );
  return JSON.parse(/^RESULT (.*)$/m.exec(output)![1]!) as T;
}

function measuredTwice(name: string): Record<string, readonly Measured[]> {
  const first = inChild<Record<string, Measured>>(name, "first");
  const second = inChild<Record<string, Measured>>(name, "second");
  return Object.fromEntries(
    Object.keys(first).map((genome) => [genome, [first[genome]!, second[genome]!]]),
  );
}

function validate(names: readonly string[]): void {
  const { json } = flags;
  const seen: Seen =
    json !== undefined && existsSync(json) && !flags.again
      ? (JSON.parse(readFileSync(json, "utf8")) as Seen)
      : {};
  const all: MeasuredRow[] = [];
  if (!flags.markdown) console.log("speed over float32 measured (repeat noise) / predicted");
  for (const name of names) {
    try {
      const { ms, source } = inChild<Predicted>(name, "predict");
      const measured = seen[name] ?? measuredTwice(name);
      seen[name] = measured;
      const float = measured.float32!;
      const rows = Object.entries(measured).map(([genome, both]): MeasuredRow => {
        const speeds = both.map(({ minMs }, i) => float[i]!.minMs / minMs);
        return {
          ...{ model: name, genome, speeds },
          measuredMs: Math.min(...both.map(({ minMs }) => minMs)),
          predictedMs: ms[genome]!,
          predictedSpeed: ms.float32! / ms[genome]!,
          isSized: !/operators unknown/.test(source),
        };
      });
      all.push(...rows);
      console.log(rowCells(rows, flags.markdown));
    } catch (error) {
      const { stderr = "", message } = error as { stderr?: string; message: string };
      console.log(name, (/^\w*Error.*$/m.exec(stderr)?.[0] ?? message).slice(0, 160));
    }
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(seen)}\n`);
  }
  for (const line of summaries(all)) console.log(line);
  const slowest = all.filter(({ genome }) => genome === "float32").map((row) => row.measuredMs);
  console.log(`${slowest.length} models, float32 median ${median(slowest).toFixed(2)} ms`);
}
