// One measured run with a checkpoint, for bench/faults.ts:
//   node --import tsx bench/faults-run.ts CHECKPOINT RESULT
// It prints a line for each event at once, however it may end, and writes its archive at the end.
import { writeFileSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { generateImages, SEEDS } from "../examples/model/generate-data.js";
import {
  createOnnxEvaluator,
  loadOnnxModel,
  splitBatches,
  topOneAccuracy,
} from "../src/formats/onnx/index.js";
import { archiveToString, QuantizationEvolutionEngine } from "../src/index.js";

const [checkpoint = "", resultPath = ""] = process.argv.slice(2);
const model = await loadOnnxModel(
  fileURLToPath(new URL("../examples/model/model.onnx", import.meta.url)),
);
const batches = ({ images, labels }: { images: Float32Array; labels: Uint8Array }) =>
  splitBatches({ image: { data: images, dims: [labels.length, 1, 28, 28] } }, 64);
const calibration = generateImages({ count: 64, seed: SEEDS.calibration });
const validation = generateImages({ count: 128, seed: SEEDS.validation });
const evaluator = await createOnnxEvaluator(model, {
  calibration: batches(calibration),
  validation: batches(validation),
  metric: topOneAccuracy(validation.labels),
});
let asked = 0;
const say = (line: string) => writeSync(1, `${line}\n`);
const counted = {
  ...evaluator,
  evaluate: async (...given: Parameters<typeof evaluator.evaluate>) => {
    if (asked++ === 0) say("evaluating");
    const estimate = await evaluator.evaluate(...given);
    say("answer");
    return estimate;
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
say("ready");
const result = await engine.runEvolution(model.spec, {
  callback: (generation) => void say(`generation ${generation}`),
  ...(checkpoint !== "" && { checkpoint: { path: checkpoint } }),
});
await evaluator.dispose();
writeFileSync(resultPath, archiveToString(result));
const { evaluations, generations, checkpoint: kept } = result;
say(`result ${JSON.stringify({ asked, evaluations, generations, checkpoint: kept })}`);
