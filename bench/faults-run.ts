// One measured run with a checkpoint, for bench/faults.ts: node --import tsx bench/faults-run.ts CHECKPOINT RESULT
// Prints a line when it begins to evaluate and one for every generation, and writes its archive at the end.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { generateImages, SEEDS } from "../examples/model/generate-data.js";
import { archiveToString, QuantizationEvolutionEngine } from "../src/index.js";
import { createOnnxEvaluator, loadOnnxModel, splitBatches, topOneAccuracy } from "../src/onnx/index.js";

const [checkpoint = "", resultPath = ""] = process.argv.slice(2);
const model = await loadOnnxModel(fileURLToPath(new URL("../examples/model/model.onnx", import.meta.url)));
const batches = ({ images, labels }: { images: Float32Array; labels: Uint8Array }) =>
  splitBatches({ image: { data: images, dims: [labels.length, 1, 28, 28] } }, 64);
const calibration = generateImages({ count: 64, seed: SEEDS.calibration });
const validation = generateImages({ count: 256, seed: SEEDS.validation });
const evaluator = await createOnnxEvaluator(model, {
  calibration: batches(calibration),
  validation: batches(validation),
  metric: topOneAccuracy(validation.labels),
});
let asked = 0;
const counted = {
  ...evaluator,
  evaluate: (...given: Parameters<typeof evaluator.evaluate>) => {
    asked++;
    return evaluator.evaluate(...given);
  },
};
const engine = new QuantizationEvolutionEngine(
  {
    hardwareTarget: "intel-vnni",
    minBits: 2,
    populationSize: 12,
    maxGenerations: 15,
    parallelEvaluations: 2,
    seed: "faults",
  },
  { evaluator: counted },
);
console.log("ready");
const result = await engine.runEvolution(model.spec, {
  callback: (generation) => console.log(`generation ${generation}`),
  ...(checkpoint !== "" && { checkpoint: { path: checkpoint, everyEvaluations: 4 } }),
});
await evaluator.dispose();
writeFileSync(resultPath, archiveToString(result));
console.log(
  `result ${JSON.stringify({ asked, evaluations: result.evaluations, generations: result.generations, checkpoint: result.checkpoint })}`,
);
