// Quantizes any ONNX model on your data: searches on the calibration set, reports on the test set,
// writes the quantized model, the archive and a picture. `npx tsx examples/quantize-onnx.ts --help`
// lists the options.
import { mkdir, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import {
  archiveToString,
  exportToString,
  type GenomeMetrics,
  HardwareTarget,
  LayerQuantConfig,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
  QuantizationGenome,
  type WeightBits,
} from "quantevo";
import { paretoFrontSvg } from "quantevo/export";
import {
  type Batch,
  createOnnxEvaluator,
  loadOnnxModel,
  type Metric,
  outputAgreement,
  perplexity,
  quantizeOnnxWithReport,
  splitBatches,
  topOneAccuracy,
  withDimensionsOf,
} from "quantevo/onnx";
import { dominates } from "quantevo/pareto";
import { readNpy } from "./npy.js";
import { runOnnxAlone } from "./run-onnx-alone.js";
import { followRun, printFront } from "./terminal.js";

// What is wrong with the call is said in a line.
process.on("uncaughtException", (error) => {
  console.error(`${error.name}: ${error.message}`);
  process.exit(1);
});

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
    checkpoint: { type: "string" },
    out: { type: "string", default: "out" },
    help: { type: "boolean", default: false },
  },
});

if (args.help || !args.model || !args["calibration-inputs"] || !args["test-inputs"]) {
  console.log(`usage: npx tsx examples/quantize-onnx.ts --model M.onnx --calibration-inputs C.npy
                                           --test-inputs T.npy [options]
  --calibration-labels L.npy  labels of the calibration set
                              (default: the search scores agreement with float32)
  --test-labels L.npy         labels of the test set
                              (default: the report gives agreement with float32)
  --metric NAME               top-1 (default), perplexity (next token; needs --window), agreement
  --scale S --mean A,B,C --std A,B,C   input = (value / S - mean) / std, per channel (axis 1)
  --window N --windows N      cut a token stream into at most N windows of N tokens,
                              and predict the next token
  --calibration-samples N     samples that set the activation ranges (default 256)
  --target NAME               ${Object.values(HardwareTarget).join(", ")}
  --weight-bits LIST          widths to choose from (default 2,4,8, which ONNX stores exactly)
  --max-drop D                largest loss of accuracy on the calibration set (default 0.01)
  --min-compression X         least compression of the genome that is written (default 0)
  --checkpoint FILE           keep evaluations there; after an interruption, the same call resumes
  --population N --generations N --parallel N --seed S --batch-size N --out DIR`);
  process.exit(args.help ? 0 : 2);
}

const oneOf = (name: "target" | "metric", allowed: readonly string[]) => {
  if (!allowed.includes(args[name]))
    throw new Error(`--${name} is ${args[name]}; allowed: ${allowed.join(", ")}`);
};
oneOf("target", Object.values(HardwareTarget));
oneOf("metric", ["top-1", "perplexity", "agreement"]);
for (const name of ["max-drop", "min-compression"] as const)
  if (!(Number(args[name]) >= 0))
    throw new Error(`--${name} is ${args[name]}; allowed: a number of at least 0`);

const started = process.hrtime.bigint();
const seconds = () => Number(process.hrtime.bigint() - started) / 1e9;
const numbers = (text: string) => text.split(",").map(Number);
const integer = (name: keyof typeof args) => {
  const value = Number(args[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} is ${args[name]}; allowed: a positive integer`);
  return value;
};

const loaded = await loadOnnxModel(args.model);
const input = loaded.inputs[0];
if (input === undefined) throw new Error(`${args.model} has no input`);

function total(field: "parameterCount" | "macs"): string {
  return model.layers.reduce((sum, layer) => sum + layer[field], 0).toLocaleString("en");
}

interface Dataset {
  readonly batches: Batch[];
  readonly metric: Metric;
  readonly samples: number;
  /** Of a labelled image set: all of it, for the check by ONNX Runtime alone. */
  readonly images?: Float32Array;
  readonly labels?: Uint8Array;
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
  const images = new Float32Array(samples * perSample);
  for (let i = 0; i < images.length; i++) {
    const channel = Math.floor((i % perSample) / perChannel);
    images[i] = (Number(array.data[i]) / scale - pick(mean, channel)) / pick(std, channel);
  }
  const batches = splitBatches(
    { [input!.name]: { data: images, dims: [samples, ...rest] } },
    batchSize,
  );
  if (labelsPath === undefined || args.metric === "agreement")
    return { batches, samples, metric: outputAgreement() };
  const labels = Uint8Array.from((await readNpy(labelsPath)).data as Uint8Array, Number);
  return { batches, samples, metric: topOneAccuracy(labels), images, labels };
}

function pick(values: readonly number[], channel: number): number {
  return (values.length === 1 ? values[0] : values[channel]) as number;
}

const calibrationSet = await dataset(args["calibration-inputs"], args["calibration-labels"]);
const testSet = await dataset(args["test-inputs"], args["test-labels"]);
// Work is counted on inputs of these sizes where the file leaves dimensions open.
const model = withDimensionsOf(loaded, calibrationSet.batches[0] as Batch);
console.log(
  `${basename(args.model)}: ${model.layers.length} layers, ${total("parameterCount")} ` +
    `weights, ${total("macs")} MACs`,
);
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
  `float32 on ${calibrationSet.samples} calibration samples: ${search.baseline.metric} ` +
    `${search.baseline.metricValue.toFixed(4)} (measured)`,
);

// 1. Search on the calibration set.
const weightBits = numbers(args["weight-bits"]) as WeightBits[];
const config: QuantizationEvolutionConfig = {
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
};
const engine = new QuantizationEvolutionEngine(config, { evaluator: search });
const result = await followRun(
  engine.stream(
    model.spec,
    args.checkpoint === undefined ? {} : { checkpoint: { path: args.checkpoint } },
  ),
  integer("generations"),
);
console.log(
  `\nsearched in ${seconds().toFixed(0)} s: ${result.evaluations} evaluations of ` +
    `${calibrationSet.samples} samples`,
);
printFront(result.paretoFront);

// 2. The deployment choice: the smallest genome within the allowed loss.
const within = result.paretoFront.filter(
  (g) => (g.accuracy ?? 0) >= floor && (g.compressionRatio ?? 0) >= Number(args["min-compression"]),
);
const chosen =
  within.length === 0
    ? engine.getBestGenome()
    : within.reduce((a, b) => ((b.compressionRatio ?? 0) > (a.compressionRatio ?? 0) ? b : a));

// 3. Report on the test set, which the search never saw: the front, the chosen genome, and the
// uniform baselines.
const uniforms = ([8, 4, 2] as const).map((weightBits) => {
  const layer = new LayerQuantConfig({ weightBits, calibrationMethod: "mse" });
  return new QuantizationGenome({
    layerConfigs: new Map(model.layers.map(({ name }) => [name, layer])),
  });
});
const uniformNames = ["uniform INT8", "uniform INT4", "uniform INT2"];
const searchedUniforms = await engine.evaluateGenomes(model.spec, uniforms);
const test = await createOnnxEvaluator(model, {
  calibration: ranges,
  validation: testSet.batches,
  metric: testSet.metric,
});
const reporter = new QuantizationEvolutionEngine(config, { evaluator: test });
const front = await reporter.evaluateGenomes(model.spec, result.paretoFront);
const [testedChosen, ...testedUniforms] = await reporter.evaluateGenomes(model.spec, [
  chosen,
  ...uniforms,
]);
const float = test.baseline;
const sourceBytes = (await stat(args.model)).size;
const { bytes, layers } = await quantizeOnnxWithReport(model, chosen, {
  activationRanges: test.activationRanges,
});
const calibrated = new Map(layers.map((layer) => [layer.layer, layer]));

console.log(`\non ${testSet.samples} test samples (measured)`);
console.log(`${"".padEnd(20)} ${float.metric.padStart(11)}  compression  file bytes`);
const line = (name: string, value: number, compression: number, fileBytes: number) =>
  console.log(
    `${name.padEnd(20)} ${value.toFixed(4).padStart(11)}  ` +
      `${compression.toFixed(2).padStart(10)}x  ${String(fileBytes).padStart(10)}`,
  );
line("float32", float.metricValue, 1, sourceBytes);
for (const [i, genome] of testedUniforms.entries())
  line(
    uniformNames[i] as string,
    genome.metrics?.accuracyMetricValue ?? 0,
    genome.compressionRatio ?? 0,
    (await test.quantize(genome)).length,
  );
line(
  "chosen by quantevo",
  testedChosen?.metrics?.accuracyMetricValue ?? 0,
  testedChosen?.compressionRatio ?? 0,
  bytes.length,
);
const objectives = (genome: QuantizationGenome): number[] => {
  const metrics = genome.metrics as GenomeMetrics;
  return [
    -metrics.accuracy,
    metrics.fileBytes ?? metrics.sizeBytes,
    metrics.inferenceLatencyMs,
    metrics.energyPerInferenceMj,
  ];
};
const beaten = searchedUniforms.flatMap((uniform, i) =>
  result.paretoFront
    .filter((genome) => dominates(objectives(uniform), objectives(genome)))
    .map((genome) => `${genome.key} by ${uniformNames[i]}`),
);
console.log(
  beaten.length === 0
    ? "no uniform baseline dominates any genome of the front"
    : `dominated: ${beaten.join("; ")}`,
);

// 4. Write everything that somebody would want to keep.
await mkdir(args.out, { recursive: true });
const name = join(args.out, `${basename(args.model, ".onnx")}.quantized`);
await writeFile(`${name}.onnx`, bytes);
if (testedChosen)
  await writeFile(
    `${name}.json`,
    exportToString(testedChosen, "json", { target: args.target, calibrated }),
  );
await writeFile(join(args.out, "archive.json"), archiveToString(result));
await writeFile(
  join(args.out, "archive-on-test-set.json"),
  archiveToString({ ...result, paretoFront: front }),
);
await writeFile(
  join(args.out, "front.svg"),
  paretoFrontSvg(front, {
    title: `${basename(args.model)} on ${args.target}, test set`,
    marks: testedUniforms.map((genome, i) => ({ label: uniformNames[i] as string, genome })),
  }),
);
const writtenBytes = (await stat(`${name}.onnx`)).size;
console.log(
  `\nwrote ${name}.onnx: ${writtenBytes} bytes (float32 file ${sourceBytes}), ` +
    `compression ${chosen.compressionRatio?.toFixed(2)}x against FP32, everything stored counted`,
);
console.log(
  `${float.metric} on the test set (measured): float32 ${float.metricValue.toFixed(4)}, ` +
    `quantized ${testedChosen?.metrics?.accuracyMetricValue.toFixed(4)}`,
);
if (testSet.images && testSet.labels) {
  const alone = await runOnnxAlone(`${name}.onnx`, {
    images: testSet.images,
    labels: testSet.labels,
  });
  console.log(`the written file in ONNX Runtime alone: top-1 ${alone.toFixed(4)} (measured)`);
}
console.log(`total ${seconds().toFixed(0)} s`);
await Promise.all([search.dispose(), test.dispose()]);
