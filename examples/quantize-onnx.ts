// Quantizes any ONNX model on your data: searches on the calibration set, reports on the test set, writes the
// quantized model, the archive and a picture. `npx tsx examples/quantize-onnx.ts --help` lists the options.
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import {
  archiveToString,
  exportToString,
  HardwareTarget,
  LayerQuantConfig,
  paretoFrontSvg,
  QuantizationEvolutionEngine,
  QuantizationGenome,
  type WeightBits,
} from "quantevo";
import {
  type Batch,
  createOnnxEvaluator,
  loadOnnxModel,
  type Metric,
  outputAgreement,
  perplexity,
  type TensorData,
  topOneAccuracy,
} from "quantevo/onnx";
import { readNpy } from "./npy.js";
import { printFront, progressLine } from "./terminal.js";

const { values: args } = parseArgs({
  options: {
    model: { type: "string" },
    "calibration-inputs": { type: "string" },
    "calibration-labels": { type: "string" },
    "test-inputs": { type: "string" },
    "test-labels": { type: "string" },
    metric: { type: "string", default: "top-1" },
    scale: { type: "string", default: "1" },
    mean: { type: "string", default: "0" },
    std: { type: "string", default: "1" },
    window: { type: "string" },
    windows: { type: "string", default: "1000000" },
    "calibration-samples": { type: "string", default: "256" },
    "batch-size": { type: "string", default: "128" },
    target: { type: "string", default: HardwareTarget.INTEL_VNNI },
    "weight-bits": { type: "string", default: "2,4,8" },
    "max-drop": { type: "string", default: "0.01" },
    "min-compression": { type: "string", default: "0" },
    population: { type: "string", default: "24" },
    generations: { type: "string", default: "16" },
    parallel: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "out" },
    help: { type: "boolean", default: false },
  },
});

if (args.help || !args.model || !args["calibration-inputs"] || !args["test-inputs"]) {
  console.log(`usage: npx tsx examples/quantize-onnx.ts --model M.onnx --calibration-inputs C.npy --test-inputs T.npy [options]
  --calibration-labels L.npy  labels of the calibration set; without them the search scores agreement with float32
  --test-labels L.npy         labels of the test set; without them the report gives agreement with float32
  --metric NAME               top-1 (default), perplexity (next token; needs --window), agreement
  --scale S --mean A,B,C --std A,B,C   input = (value / S - mean) / std, per channel (axis 1)
  --window N --windows N      cut a token stream into at most N windows of N tokens and predict the next token
  --calibration-samples N     samples that set the activation ranges (default 256)
  --target NAME               ${Object.values(HardwareTarget).join(", ")}
  --weight-bits LIST          widths to choose from (default 2,4,8: those that ONNX stores exactly)
  --max-drop D                largest loss of accuracy on the calibration set (default 0.01)
  --min-compression X         least compression of the genome that is written (default 0)
  --population N --generations N --parallel N --seed S --batch-size N --out DIR`);
  process.exit(args.help ? 0 : 2);
}

const started = process.hrtime.bigint();
const seconds = () => Number(process.hrtime.bigint() - started) / 1e9;
const numbers = (text: string) => text.split(",").map(Number);
const integer = (name: keyof typeof args) => {
  const value = Number(args[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} is ${args[name]}; allowed: a positive integer`);
  return value;
};

const model = await loadOnnxModel(args.model);
const input = model.inputs[0];
if (input === undefined) throw new Error(`${args.model} has no input`);
console.log(
  `${basename(args.model)}: ${model.layers.length} layers, ${total("parameterCount")} weights, ${total("macs")} MACs`,
);

function total(field: "parameterCount" | "macs"): string {
  return model.layers.reduce((sum, layer) => sum + layer[field], 0).toLocaleString("en");
}

interface Dataset {
  readonly batches: Batch[];
  readonly metric: Metric;
  readonly samples: number;
}

/** A labelled (or not) set in batches, with the metric that scores it. */
async function dataset(inputsPath: string, labelsPath: string | undefined): Promise<Dataset> {
  const array = await readNpy(inputsPath);
  const batchSize = integer("batch-size");
  if (args.window !== undefined) {
    const length = integer("window");
    const count = Math.min(integer("windows"), Math.floor((array.data.length - 1) / length));
    const batches: Batch[] = [];
    for (let at = 0; at < count; at += batchSize) {
      const size = Math.min(batchSize, count - at);
      const tokens = BigInt64Array.from({ length: size * length }, (_, i) =>
        BigInt(array.data[at * length + i] as number),
      );
      batches.push({ [input!.name]: { data: tokens, dims: [size, length] } });
    }
    const next = Int32Array.from({ length: count * length }, (_, i) => Number(array.data[i + 1]));
    return {
      batches,
      samples: count,
      metric: args.metric === "agreement" ? outputAgreement() : perplexity(next),
    };
  }
  const [samples = 0, ...rest] = array.shape;
  const perSample = rest.reduce((a, b) => a * b, 1);
  const [scale, mean, std] = [Number(args.scale), numbers(args.mean), numbers(args.std)];
  const perChannel = perSample / (rest[0] ?? 1);
  const batches: Batch[] = [];
  for (let at = 0; at < samples; at += batchSize) {
    const size = Math.min(batchSize, samples - at);
    const data = new Float32Array(size * perSample);
    for (let i = 0; i < data.length; i++) {
      const channel = Math.floor((i % perSample) / perChannel);
      data[i] = (Number(array.data[at * perSample + i]) / scale - pick(mean, channel)) / pick(std, channel);
    }
    batches.push({ [input!.name]: { data, dims: [size, ...rest] } satisfies TensorData });
  }
  if (labelsPath === undefined || args.metric === "agreement")
    return { batches, samples, metric: outputAgreement() };
  const labels = await readNpy(labelsPath);
  return { batches, samples, metric: topOneAccuracy(Int32Array.from(labels.data as Uint8Array, Number)) };
}

function pick(values: readonly number[], channel: number): number {
  return (values.length === 1 ? values[0] : values[channel]) as number;
}

const calibrationSet = await dataset(args["calibration-inputs"], args["calibration-labels"]);
const testSet = await dataset(args["test-inputs"], args["test-labels"]);
const ranges = calibrationSet.batches.slice(
  0,
  Math.max(1, Math.ceil(integer("calibration-samples") / integer("batch-size"))),
);

const search = await createOnnxEvaluator(model, {
  calibration: ranges,
  validation: calibrationSet.batches,
  metric: calibrationSet.metric,
});
const floor = search.baseline.accuracy - Number(args["max-drop"]);
console.log(
  `float32 on ${calibrationSet.samples} calibration samples: ${search.baseline.metric} ${search.baseline.metricValue.toFixed(4)} (measured)`,
);

// 1. Search on the calibration set.
const weightBits = numbers(args["weight-bits"]) as WeightBits[];
const engine = new QuantizationEvolutionEngine(
  {
    hardwareTarget: args.target as HardwareTarget,
    minBits: Math.min(...weightBits),
    maxBits: Math.max(...weightBits),
    weightBitChoices: weightBits,
    activationBitChoices: [8],
    populationSize: integer("population"),
    maxGenerations: integer("generations"),
    parallelEvaluations: integer("parallel"),
    minAccuracy: Math.max(0, floor),
    accuracyWeight: 0.5,
    compressionWeight: 0.5,
    latencyWeight: 0,
    energyWeight: 0,
    seed: args.seed,
  },
  { evaluator: search },
);
const progress = progressLine(integer("generations"));
const result = await engine.runEvolution(model.spec, {
  callback: (generation, best, average, stats) =>
    progress(
      generation,
      `fitness best ${best.toFixed(4)} mean ${average.toFixed(4)}, front ${stats.frontSize}, ${stats.evaluations} evaluations, ${seconds().toFixed(0)} s`,
    ),
});
console.log(
  `\nsearched in ${seconds().toFixed(0)} s: ${result.evaluations} evaluations of ${calibrationSet.samples} samples`,
);
printFront(result.paretoFront);

// 2. The deployment choice: the smallest genome within the allowed loss.
const within = result.paretoFront.filter(
  (g) => (g.accuracy ?? 0) >= floor && (g.compressionRatio ?? 0) >= Number(args["min-compression"]),
);
const smallest = (list: readonly QuantizationGenome[]) =>
  list.reduce((a, b) => ((b.compressionRatio ?? 0) > (a.compressionRatio ?? 0) ? b : a));
const chosen = within.length > 0 ? smallest(within) : engine.getBestGenome();

// 3. Report on the test set: float32, the chosen genome, and the uniform baselines.
const report = await createOnnxEvaluator(model, {
  calibration: ranges,
  validation: testSet.batches,
  metric: testSet.metric,
});
const float = report.baseline;
const fileOf = async (genome: QuantizationGenome) => (await report.quantize(genome)).length;
const sourceBytes = (await stat(args.model)).size;
console.log(
  `\non ${testSet.samples} test samples (measured)       ${float.metric}   compression   file bytes`,
);
const line = (name: string, value: number, compression: number, bytes: number) =>
  console.log(
    `${name.padEnd(32)} ${value.toFixed(4).padStart(10)} ${compression.toFixed(2).padStart(12)}x ${String(bytes).padStart(12)}`,
  );
line("float32", float.metricValue, 1, sourceBytes);
const uniform = (bits: WeightBits) =>
  new QuantizationGenome({
    layerConfigs: new Map(
      model.layers.map((layer) => [
        layer.name,
        new LayerQuantConfig({ weightBits: bits, calibrationMethod: "mse" }),
      ]),
    ),
  });
const dominated: string[] = [];
for (const bits of [8, 4, 2] as const) {
  const baseline = uniform(bits);
  const [evaluated] = await engine.evaluateGenomes([baseline]);
  const metrics = evaluated?.metrics;
  const test = await report.evaluate(baseline, {});
  line(`uniform INT${bits}`, test.metricValue, metrics?.compressionRatio ?? 0, await fileOf(baseline));
  if (metrics === undefined) continue;
  for (const [i, genome] of result.paretoFront.entries()) {
    const m = genome.metrics;
    if (m === undefined) continue;
    const atLeast = [
      metrics.accuracy - m.accuracy,
      m.sizeBytes - metrics.sizeBytes,
      m.inferenceLatencyMs - metrics.inferenceLatencyMs,
      m.energyPerInferenceMj - metrics.energyPerInferenceMj,
    ];
    if (atLeast.every((d) => d >= 0) && atLeast.some((d) => d > 0))
      dominated.push(`genome ${i + 1} by uniform INT${bits}`);
  }
}
const test = await report.evaluate(chosen, {});
const bytes = await report.quantize(chosen);
line("chosen by quantevo", test.metricValue, chosen.compressionRatio ?? 0, bytes.length);
console.log(
  dominated.length === 0
    ? "no uniform baseline dominates any genome of the front"
    : `dominated: ${dominated.join(", ")}`,
);

// 4. Write everything that somebody would want to keep.
await mkdir(args.out, { recursive: true });
const name = join(args.out, `${basename(args.model, ".onnx")}.quantized`);
await writeFile(`${name}.onnx`, bytes);
await writeFile(`${name}.json`, exportToString(chosen, "json", { target: args.target, model: model.name }));
await writeFile(join(args.out, "archive.json"), archiveToString(result.paretoFront));
await writeFile(
  join(args.out, "front.svg"),
  paretoFrontSvg(result.paretoFront, { title: `${basename(args.model)} on ${args.target}` }),
);
const written = await readFile(`${name}.onnx`);
console.log(
  `\nwrote ${name}.onnx: ${written.length} bytes (float32 file ${sourceBytes}), compression ${chosen.compressionRatio?.toFixed(2)}x of everything stored`,
);
console.log(
  `${float.metric}: float32 ${float.metricValue.toFixed(4)}, quantized ${test.metricValue.toFixed(4)} (measured on the test set); total ${seconds().toFixed(0)} s`,
);
await Promise.all([search.dispose(), report.dispose()]);
