// Searches a model of the zoo with ONNX Runtime in the loop: on calibration data, with labels; reports on test data.
// npm run bench:zoo -- --zoo DIR --model resnet20|mobilenetv2|kws-dscnn|shakespeare-gpt|all
//   [--seeds 1,2,3] [--budget N] [--baselines] [--json FILE] [--cache DIR]
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import {
  type EvolutionResult,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
  type QuantizationGenome,
} from "../src/index.js";
import { createOnnxEvaluator, type OnnxEvaluator } from "../src/onnx/index.js";
import { cachedMeasurements } from "./measurement-cache.js";
import { sizeCosts } from "./size-costs.js";
import { ZOO_TASKS, type ZooData, type ZooTask, type ZooTaskName, zooTask } from "./zoo-tasks.js";

const { values: args } = parseArgs({
  options: {
    zoo: { type: "string" },
    model: { type: "string", default: "all" },
    seeds: { type: "string", default: "1" },
    budget: { type: "string", default: "100" },
    population: { type: "string", default: "20" },
    baselines: { type: "boolean", default: false },
    json: { type: "string" },
    cache: { type: "string" },
  },
});
if (args.zoo === undefined) throw new Error("--zoo DIR says where the zoo is");
const names = args.model === "all" ? ZOO_TASKS : ZOO_TASKS.filter((name) => name === args.model);
if (names.length === 0) throw new Error(`--model is ${args.model}; allowed: all, ${ZOO_TASKS.join(", ")}`);

/** Compression, as shares of the task's, at which fronts are compared. */
const STOPS = [0.75, 0.875, 1, 1.125, 1.25];

async function evaluatorOf(task: ZooTask, data: ZooData): Promise<OnnxEvaluator> {
  const evaluator = await createOnnxEvaluator(task.model, {
    calibration: task.calibration,
    validation: data.batches,
    metric: data.metric,
  });
  return args.cache === undefined ? evaluator : cachedMeasurements(evaluator, args.cache);
}

const configOf = (seed: string): QuantizationEvolutionConfig => ({
  minBits: 2,
  maxBits: 8,
  weightBitChoices: [2, 3, 4, 5, 6, 8],
  activationBitChoices: [8],
  weightSchemes: ["symmetric"],
  activationSchemes: ["asymmetric"],
  calibrationMethods: ["mse"],
  populationSize: Number(args.population),
  maxGenerations: 100_000,
  parallelEvaluations: 2,
  accuracyWeight: 0.5,
  compressionWeight: 0.5,
  latencyWeight: 0,
  energyWeight: 0,
  seed,
});

/** Runs a search until it has used its budget; baselines get as much as it really used. */
async function search(task: ZooTask, evaluator: OnnxEvaluator, seed: string): Promise<EvolutionResult> {
  const engine = new QuantizationEvolutionEngine(configOf(seed), { evaluator, costModel: sizeCosts });
  const generations = 0;
  const budget = Number(args.budget);
  await engine.runEvolution(task.model.spec, { maxGenerations: 0 });
  void generations;
  throw new Error(String(budget));
}
void search;
