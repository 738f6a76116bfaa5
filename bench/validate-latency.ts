/**
 * npm run validate:latency -- --folder DIR [--models a,b] [--runs 40] [--json FILE] [--seen FILE]
 *
 * Predicted against measured latency of real models in ONNX Runtime: for each model float32, INT8,
 * W4A8, the first half INT8, every other layer INT8, and a random mixture, on one thread. The
 * folder is that of `bench:int8` (models/NAME.onnx, data/NAME/calib.json and .bin). Nothing is fit.
 * Each model runs in a process of its own. The fastest run counts; `--seen` takes the measurements
 * of an earlier `--json` and keeps the faster of both, which a machine that others use needs.
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
import { rankCorrelation } from "../src/numeric/rank-correlation.js";
import { Random } from "../src/random/random.js";
import { samplesOf } from "./int8/samples.js";

const { values: flags } = parseArgs({
  options: {
    folder: { type: "string" },
    models: { type: "string" },
    runs: { type: "string", default: "40" },
    json: { type: "string" },
    seen: { type: "string" },
    child: { type: "string" },
  },
});
const { folder } = flags;
if (folder === undefined) throw new Error("--folder is missing; see the head of this file");

const FLOAT = new LayerQuantConfig({ weightBits: 32, activationBits: 32 });
const INT8 = new LayerQuantConfig({ weightBits: 8, activationBits: 8 });
const W4A8 = new LayerQuantConfig({ weightBits: 4, activationBits: 8 });
/** Closer to float than this is neither faster nor slower. */
const TIE = 0.05;

interface Row {
  readonly genome: string;
  readonly measuredMs: number;
  readonly predictedMs: number;
}

type Rows = Record<string, readonly Row[]>;

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

/** The samples of a batch: the first dimension, where the file leaves it open. */
function batchSizeOf({ inputs }: OnnxModel, batch: Batch): number {
  const first = inputs[0];
  return first?.dims[0] === -1 ? (batch[first.name]?.dims[0] ?? 1) : 1;
}

async function rowsOf(name: string): Promise<Row[]> {
  const calibration = samplesOf(folder!, name, "calib").slice(0, 2).map(batchOf);
  const input = calibration[0]!;
  const model = await loadOnnxModel(`${folder}/models/${name}.onnx`, { sample: input });
  const costModel = onnxRuntimeCostModel(model, { batch: batchSizeOf(model, input) });
  const genomes = genomesOf(model, name);
  const measured = await measureOnnxLatencies(
    model,
    genomes.map(([, genome]) => genome),
    { calibration, input, repetitions: Number(flags.runs), warmUp: 3 },
  );
  return genomes.map(([genome, one], i) => ({
    genome,
    measuredMs: measured[i]!.minMs,
    predictedMs: costModel.estimate(model.spec, one).latencyMs,
  }));
}

if (flags.child !== undefined) {
  process.stdout.write(`\nROWS ${JSON.stringify(await rowsOf(flags.child))}\n`);
  process.exit(0);
}

const names =
  flags.models?.split(",") ??
  readdirSync(`${folder}/models`)
    .filter((file) => file.endsWith(".onnx") && existsSync(`${folder}/data/${file.slice(0, -5)}`))
    .map((file) => file.slice(0, -5));
const seen = flags.seen ? (JSON.parse(readFileSync(flags.seen, "utf8")) as Rows) : {};
const all: Rows = {};
console.log("milliseconds measured / predicted (speed over float32 of each)");
for (const name of names) {
  try {
    const output = execFileSync(
      process.execPath,
      [
        ...["--import", "tsx", fileURLToPath(import.meta.url), "--folder", folder],
        ...["--runs", flags.runs, "--child", name],
      ],
      { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 600_000 },
    );
    const rows = JSON.parse(/^ROWS (.*)$/m.exec(output)![1]!) as Row[];
    all[name] = rows.map((row, i) => {
      const before = seen[name]?.[i]?.measuredMs ?? Number.POSITIVE_INFINITY;
      return { ...row, measuredMs: Math.min(row.measuredMs, before) };
    });
  } catch (error) {
    const { stderr = "", message } = error as { stderr?: string; message: string };
    console.log(name, (/^\w*Error.*$/m.exec(stderr)?.[0] ?? message).slice(0, 160));
    continue;
  }
  const [float] = all[name]!;
  const cells = all[name]!.map(({ genome, measuredMs, predictedMs }) => {
    const [a, b] = [float!.measuredMs / measuredMs, float!.predictedMs / predictedMs];
    const times = `${measuredMs.toFixed(2)}/${predictedMs.toFixed(2)}`;
    return `${genome} ${times} (${a.toFixed(2)} ${b.toFixed(2)})`;
  });
  console.log(name.padEnd(18), cells.join("  "));
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify(all)}\n`);
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const percent = (shares: readonly number[]) => `${(100 * median(shares)).toFixed(0)}%`;
const rows = Object.values(all).flat();
const against = Object.values(all).flatMap(([float, ...others]) =>
  others.map(({ measuredMs, predictedMs }) => ({
    measured: measuredMs / float!.measuredMs,
    predicted: predictedMs / float!.predictedMs,
  })),
);
const decided = against.filter(({ measured }) => Math.abs(measured - 1) > TIE);
const errors = rows.map(({ measuredMs, predictedMs }) => Math.abs(predictedMs / measuredMs - 1));
const right = decided.filter(({ measured, predicted }) => measured < 1 === predicted < 1);
const correlation = (pairs: readonly (readonly [number, number])[]) =>
  rankCorrelation(
    pairs.map(([a]) => a),
    pairs.map(([, b]) => b),
  ).toFixed(3);
console.log(
  `\n${rows.length} files of ${Object.keys(all).length} models: Spearman of milliseconds ` +
    `${correlation(rows.map(({ measuredMs, predictedMs }) => [measuredMs, predictedMs]))}, of ` +
    `speeds over float32 ${correlation(against.map((one) => [one.measured, one.predicted]))}; ` +
    `median error of milliseconds ${percent(errors)}, of speeds ` +
    `${percent(against.map((one) => Math.abs(one.predicted / one.measured - 1)))}; faster or ` +
    `slower than float32 by over 5%: right in ${right.length} of ${decided.length}`,
);
