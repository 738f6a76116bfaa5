//   npm run bench:workers -- [--zoo DIR] [--workers 2] [--images 512] [--genomes 8] [--rounds 3]
//   [--json FILE]
// Time of measured evaluations of ResNet-20 on this thread and in worker processes, in alternation.
// The estimates must agree.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  createOnnxEvaluator,
  loadOnnxModel,
  outputAgreement,
  splitBatches,
} from "../src/formats/onnx/index.js";
import { QuantizationGenome } from "../src/index.js";
import { zooModels } from "./zoo.js";

const { values: args } = parseArgs({
  options: {
    zoo: { type: "string", default: "/work/shared/zoo" },
    workers: { type: "string", default: "2" },
    images: { type: "string", default: "512" },
    genomes: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    json: { type: "string" },
  },
});
const resnet = zooModels(args.zoo).find(({ name }) => name === "cifar10-resnet20")!;
const model = await loadOnnxModel(resnet.path);
const batches = splitBatches(await resnet.calibration(Number(args.images)), 128);
const genomes = Array.from({ length: Number(args.genomes) }, (_, g) => {
  const settings = model.layers.map(({ name }, i): [string, { weightBits: 2 | 3 | 4 | 8 }] => [
    name,
    { weightBits: ([2, 3, 4, 8] as const)[(g * 7 + i * 3) % 4]! },
  ]);
  return new QuantizationGenome({ layerConfigs: Object.fromEntries(settings) });
});

const counts = [0, 1, Number(args.workers)];
const evaluators = await Promise.all(
  counts.map((workers) =>
    createOnnxEvaluator(model, {
      calibration: batches.slice(0, 1),
      validation: batches,
      metric: outputAgreement(),
      workers,
    }),
  ),
);
const wallMs = counts.map(() => Number.POSITIVE_INFINITY);
const results = new Set<string>();
// The round before the first that counts starts the processes and hands model and data over.
for (let round = -1; round < Number(args.rounds); round++)
  for (const [i, evaluator] of evaluators.entries()) {
    const start = performance.now();
    const found = await Promise.all(genomes.map((genome) => evaluator.evaluate(genome, {})));
    if (round >= 0) wallMs[i] = Math.min(wallMs[i]!, performance.now() - start);
    results.add(found.map(({ accuracy }) => accuracy).join());
  }
const [here, one, many] = wallMs as [number, number, number];
console.log(
  `${genomes.length} genomes on ${args.images} images: ${here.toFixed(0)} ms on this thread, ` +
    `${one.toFixed(0)} in 1 worker, ${many.toFixed(0)} in ${args.workers} ` +
    `(${(here / many).toFixed(2)}x), least of ${args.rounds} rounds`,
);
if (args.json !== undefined) writeFileSync(args.json, JSON.stringify({ workers: counts, wallMs }));
if (results.size !== 1) throw new Error("results differ with the number of workers");
