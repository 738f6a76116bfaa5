// The main job on the embedded model: quantize a small trained CNN for two targets, measure every
// genome on ONNX Runtime, and leave strategies, pictures and runnable quantized models in out/. Run
// it with `npm run demo`.
import { mkdir, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  exportToString,
  HardwareTarget,
  LayerQuantConfig,
  QuantizationEvolutionEngine,
  QuantizationGenome,
  type WeightBits,
} from "quantevo";
import { paretoFrontSvg } from "quantevo/export";
import {
  createOnnxEvaluator,
  loadOnnxModel,
  measureOnnxLatencies,
  onnxRuntimeCostModel,
  quantizeOnnxWithReport,
  splitBatches,
  topOneAccuracy,
} from "quantevo/onnx";
import { generateImages, SEEDS } from "./model/generate-data.js";
import { runOnnxAlone } from "./run-onnx-alone.js";
import { followRun, printFront } from "./terminal.js";

const GENERATIONS = 12;
const MAX_DROP = 0.01;
const modelPath = fileURLToPath(new URL("./model/model.onnx", import.meta.url));
const out = "out";
await mkdir(out, { recursive: true });

const model = await loadOnnxModel(modelPath);
const weights = model.layers.reduce((sum, layer) => sum + layer.parameterCount, 0);
const macs = model.layers.reduce((sum, layer) => sum + layer.macs, 0);
console.log(
  `model: ${model.layers.length} layers, ${weights.toLocaleString("en")} weights, ` +
    `${macs.toLocaleString("en")} MACs`,
);

// Three sets that share no image: activation ranges and search on two, the report on the third.
const batchesOf = (data: { images: Float32Array; labels: Uint8Array }) => {
  const dims = [data.labels.length, ...(model.inputs[0]?.dims.slice(1) ?? [])];
  return splitBatches({ [model.inputs[0]?.name ?? "image"]: { data: data.images, dims } }, 64);
};
const calibration = generateImages({ count: 128, seed: SEEDS.calibration });
const searchSet = generateImages({ count: 512, seed: SEEDS.validation });
const testSet = generateImages({ count: 1000, seed: "demo test" });
const imageLength = testSet.images.length / testSet.labels.length;
const ranges = batchesOf(calibration);
const evaluator = await createOnnxEvaluator(model, {
  calibration: ranges,
  validation: batchesOf(searchSet),
  metric: topOneAccuracy(searchSet.labels),
});
const floor = evaluator.baseline.accuracy - MAX_DROP;
console.log(
  `float32: ${percent(evaluator.baseline.accuracy)} of ${searchSet.labels.length} images ` +
    "(measured)",
);

const floatBytes = (await stat(modelPath)).size;
interface Written {
  readonly name: string;
  readonly bytes: number;
  readonly accuracy: number;
  readonly compression?: number | undefined;
}
const chosenOf = new Map<string, QuantizationGenome>();
const summary: Written[] = [
  { name: "float32", bytes: floatBytes, accuracy: await runOnnxAlone(modelPath, testSet) },
];

for (const target of [HardwareTarget.INTEL_VNNI, HardwareTarget.ARM_DOT]) {
  console.log(`\n== ${target}`);
  const engine = new QuantizationEvolutionEngine(
    {
      hardwareTarget: target,
      weightBitChoices: [2, 4, 8],
      maxBits: 8,
      minAccuracy: evaluator.baseline.accuracy - 0.1,
      populationSize: 20,
      maxGenerations: GENERATIONS,
      parallelEvaluations: 2,
      seed: "demo",
    },
    { evaluator },
  );
  const result = await followRun(engine.stream(model.spec), GENERATIONS);
  printFront(result.paretoFront, 10);

  // The smallest genome that loses at most a point on the search set.
  const within = result.paretoFront.filter((genome) => (genome.accuracy ?? 0) >= floor);
  const chosen =
    within.length === 0
      ? engine.getBestGenome()
      : within.reduce((a, b) => ((b.compressionRatio ?? 0) > (a.compressionRatio ?? 0) ? b : a));
  console.log(
    `chosen: genome ${result.paretoFront.indexOf(chosen) + 1}, the smallest that loses at ` +
      "most a point here: " +
      `${percent(chosen.accuracy ?? 0)} at ${chosen.compressionRatio?.toFixed(2)}x`,
  );
  const uniform = await engine.evaluateGenomes(model.spec, ([8, 4] as const).map(uniformGenome));
  const name = `${out}/demo.${target}`;
  // The document carries the calibrated scales and zero points, so that another tool can rebuild
  // the same numbers.
  const { bytes, layers } = await quantizeOnnxWithReport(model, chosen, {
    activationRanges: evaluator.activationRanges,
  });
  const calibrated = new Map(layers.map((layer) => [layer.layer, layer]));
  await writeFile(`${name}.onnx`, bytes);
  await writeFile(`${name}.json`, exportToString(chosen, "json", { target, calibrated }));
  await writeFile(`${name}.yaml`, exportToString(chosen, "yaml", { target, calibrated }));
  const marks = uniform.map((genome, i) => ({ label: `uniform INT${[8, 4][i]}`, genome }));
  await writeFile(
    `${name}.svg`,
    paretoFrontSvg(result.paretoFront, { title: `The demo's network on ${target}`, marks }),
  );
  console.log(`wrote ${name}.onnx, .json, .yaml, .svg`);
  chosenOf.set(target, chosen);

  // What was written, run by ONNX Runtime with nothing of quantevo in between.
  const accuracy = await runOnnxAlone(`${name}.onnx`, testSet);
  summary.push({
    name: target,
    bytes: bytes.length,
    accuracy,
    compression: chosen.compressionRatio,
  });
}
await printLatencies();
await evaluator.dispose();

console.log(
  `\non ${testSet.labels.length} test images, ONNX Runtime on the written files (measured):`,
);
for (const { name, bytes, accuracy, compression } of summary)
  console.log(
    `${name.padEnd(12)} accuracy ${percent(accuracy).padStart(7)}   file ` +
      `${String(bytes).padStart(7)} bytes` +
      (compression === undefined
        ? ""
        : `, ${(floatBytes / bytes).toFixed(2)}x smaller (parameters with their scales: ` +
          `${compression.toFixed(2)}x)`),
  );

/** What ONNX Runtime takes on this machine, beside what the cost model of such a CPU predicts. */
async function printLatencies(): Promise<void> {
  const compared = new Map<string, QuantizationGenome | undefined>([
    ["float32", undefined],
    ["uniform INT8", uniformGenome(8)],
    ...[...chosenOf].map(([target, genome]) => [`chosen for ${target}`, genome] as const),
  ]);
  const measured = await measureOnnxLatencies(model, [...compared.values()], {
    activationRanges: evaluator.activationRanges,
    input: batchesOf({
      images: testSet.images.subarray(0, 64 * imageLength),
      labels: testSet.labels.subarray(0, 64),
    })[0],
    repetitions: 30,
  });
  const costModel = onnxRuntimeCostModel(model, { batch: 64 });
  console.log("\n64 images at once, one thread of this machine:");
  for (const [i, [name, genome]] of [...compared].entries()) {
    const { latencyMs } = costModel.estimate(model.spec, genome ?? floatGenome());
    console.log(
      `${name.padEnd(24)} ${measured[i]!.medianMs.toFixed(3)} ms measured, ` +
        `${latencyMs.toFixed(3)} ms predicted for an AVX-512 VNNI core`,
    );
  }
}

function floatGenome(): QuantizationGenome {
  const config = new LayerQuantConfig({ weightBits: 32, activationBits: 32 });
  return new QuantizationGenome({
    layerConfigs: new Map(model.layers.map((layer) => [layer.name, config])),
  });
}

function uniformGenome(weightBits: WeightBits): QuantizationGenome {
  const config = new LayerQuantConfig({ weightBits, calibrationMethod: "mse" });
  return new QuantizationGenome({
    layerConfigs: new Map(model.layers.map((layer) => [layer.name, config])),
  });
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
