//   npm run bench:sensitivity -- [ZOO FOLDER] [--models cifar10-resnet20,...] [--bits 3]
//   [--samples 256] [--json]
// How well each sensitivity metric ranks the layers of real models. The reference is the measured
// accuracy drop on calibration data when one layer alone is quantized; the figure is Spearman's
// rank correlation over layers.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  accuracyDrop,
  outputError,
  priorWeightedNoise,
  sensitivityReport,
  weightNoise,
} from "../src/evaluation/index.js";
import {
  createOnnxEvaluator,
  layerInputPower,
  loadOnnxModel,
  type Metric,
  outputDivergence,
  perplexity,
  splitBatches,
  topOneAccuracy,
} from "../src/formats/onnx/index.js";
import { readNpy, type ZooModel, zooModels } from "./zoo.js";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    models: { type: "string" },
    bits: { type: "string", default: "3" },
    samples: { type: "string", default: "256" },
  },
});
const folder = positionals[0] ?? fileURLToPath(new URL("../../shared/zoo/", import.meta.url));
const bits = Number(flags.bits) as 3;
const wanted = flags.models?.split(",");

/** What the model is judged by: labels of images and sounds, the next token of text. */
function judge({ name }: ZooModel, labels: Uint8Array | Float32Array, samples: number): Metric {
  return name === "shakespeare-gpt"
    ? perplexity(Int32Array.from({ length: samples * 128 }, (_, i) => labels[i + 1]!))
    : topOneAccuracy(Int32Array.from(labels.subarray(0, samples)));
}

/** Labels of a model's calibration data; of text, its tokens. */
async function labelsOf({ name }: ZooModel): Promise<Uint8Array | Float32Array> {
  if (name === "shakespeare-gpt")
    return (await readNpy(join(folder, name, "calibration-tokens.npy"))).data;
  const path = name.startsWith("cifar10") ? "cifar10" : name;
  return (await readNpy(join(folder, path, "calibration-labels.npy"))).data;
}

const reports = [];
for (const zoo of zooModels(folder)) {
  if (wanted !== undefined && !wanted.includes(zoo.name)) continue;
  const labels = await labelsOf(zoo);
  const most = zoo.name === "shakespeare-gpt" ? 32 : labels.length;
  const samples = Math.min(most, Number(flags.samples));
  const model = await loadOnnxModel(zoo.path);
  const batches = splitBatches(await zoo.calibration(samples), 64);
  const started = performance.now();
  const evaluator = (metric: Metric) =>
    createOnnxEvaluator(model, { calibration: batches.slice(0, 1), validation: batches, metric });
  const [drop, kl, mse] = await Promise.all([
    evaluator(judge(zoo, labels, samples)),
    evaluator(outputDivergence()),
    evaluator(outputDivergence({ measure: "mse" })),
  ]);
  const power = await layerInputPower(model, batches);
  const report = await sensitivityReport(
    model.spec,
    [
      weightNoise({ bits }),
      priorWeightedNoise({ bits }),
      outputError(power, { bits }),
      accuracyDrop(kl, { bits, name: "output-divergence (kl)" }),
      accuracyDrop(mse, { bits, name: "output-divergence (mse)" }),
    ],
    accuracyDrop(drop, { bits }),
  );
  const entry = {
    model: zoo.name,
    layers: model.layers.length,
    bits,
    samples,
    seconds: (performance.now() - started) / 1000,
    rankCorrelations: Object.fromEntries(report.metrics.map((m) => [m.name, m.rankCorrelation])),
  };
  reports.push({ ...entry, report });
  if (!flags.json) {
    console.log(
      `${entry.model}: ${entry.layers} layers at ${bits} bits, ${samples} samples, ` +
        `${entry.seconds.toFixed(0)} s`,
    );
    for (const [name, value] of Object.entries(entry.rankCorrelations))
      console.log(`  ${name.padEnd(26)} ${value === null ? "constant" : value.toFixed(3)}`);
  }
}
if (flags.json) console.log(JSON.stringify(reports));
