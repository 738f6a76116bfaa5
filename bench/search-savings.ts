// How many measured evaluations the surrogate and low-fidelity evaluations save, with ONNX Runtime
// in the loop. A search without them uses its whole budget. A search with them runs until its
// archive has the same hypervolume.
//   npm run bench:savings -- --zoo DIR [--model resnet20] [--seeds 1,2,3] [--budget N]
//   [--json FILE] [--cache DIR]
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { float32SizeBytes, genomeSizeBytes } from "../src/evaluation/genome-size.js";
import { createOnnxEvaluator, outputDivergence } from "../src/formats/onnx/index.js";
import {
  type AccuracyEvaluator,
  QuantizationEvolutionEngine,
  type QuantizationGenome,
} from "../src/index.js";
import { hypervolume } from "../src/pareto/index.js";
import { cachedMeasurements } from "./measurement-cache.js";
import { sizeCosts } from "./size-costs.js";
import { zooSearchConfig } from "./zoo-search-config.js";
import { ZOO_TASKS, zooTask } from "./zoo-tasks.js";

const { values: args } = parseArgs({
  options: {
    zoo: { type: "string" },
    model: { type: "string", default: "resnet20" },
    seeds: { type: "string", default: "1,2,3" },
    budget: { type: "string", default: "120" },
    json: { type: "string" },
    cache: { type: "string" },
  },
});
if (args.zoo === undefined) throw new Error("--zoo DIR says where the zoo is");
const name = ZOO_TASKS.find((one) => one === args.model);
if (name === undefined)
  throw new Error(`--model is ${args.model}; allowed: ${ZOO_TASKS.join(", ")}`);
const budget = Number(args.budget);

/**
 * Objectives beyond which a genome is of no use: a divergence of 0.1 nats, a third of the float32
 * bytes.
 */
const REFERENCE = [1 - Math.exp(-0.1), 1 / 3];

const task = await zooTask(name, args.zoo);
const { spec } = task.model;
const created = await createOnnxEvaluator(task.model, {
  calibration: task.calibration,
  validation: task.search.batches,
  metric: outputDivergence(),
});
const evaluator =
  args.cache === undefined ? created : await cachedMeasurements(created, args.cache);
const floatBytes = float32SizeBytes(spec);

interface Step {
  /**
   * Evaluations on all samples so far, and the cost of all: those on fewer count as the share that
   * they are.
   */
  readonly full: number;
  readonly spent: number;
  readonly hypervolume: number;
}

/** The hypervolume of everything measured on all samples, after each evaluation, up to `enough`. */
async function trajectory(
  seed: string,
  helped: boolean,
  enough = Number.POSITIVE_INFINITY,
): Promise<Step[]> {
  const points: number[][] = [];
  const steps: Step[] = [];
  const stop = new AbortController();
  let spent = 0;
  const watched: AccuracyEvaluator = {
    ...evaluator,
    async evaluate(genome: QuantizationGenome, options) {
      const estimate = await evaluator.evaluate(genome, options);
      spent += (options.samples ?? evaluator.sampleCount!) / evaluator.sampleCount!;
      if (options.samples === undefined) {
        points.push([1 - estimate.accuracy, genomeSizeBytes(spec, genome) / floatBytes]);
        const now = hypervolume(points, REFERENCE) / (REFERENCE[0]! * REFERENCE[1]!);
        steps.push({ full: points.length, spent, hypervolume: now });
        if (now >= enough) stop.abort();
      }
      return estimate;
    },
  };
  const config = { ...zooSearchConfig(seed), parallelEvaluations: 1 };
  const engine = new QuantizationEvolutionEngine(
    { ...config, surrogate: helped, multiFidelity: helped },
    { evaluator: watched, costModel: sizeCosts },
  );
  await engine.runEvolution(spec, { maxEvaluations: budget, signal: stop.signal });
  return steps;
}

const rows = [];
for (const seed of args.seeds.split(",")) {
  const plain = await trajectory(seed, false);
  const target = plain.at(-1)!.hypervolume;
  // Where the plain search first had it, which may be before its budget was used up.
  const needed = plain.find((step) => step.hypervolume >= target)!;
  const steps = await trajectory(seed, true, target);
  const reached = steps.find((step) => step.hypervolume >= target);
  const ratio = (of: "full" | "spent") =>
    reached === undefined ? Number.POSITIVE_INFINITY : reached[of] / needed[of];
  rows.push({
    seed,
    hypervolume: target,
    plain: needed,
    helped: reached,
    ratio: ratio("full"),
    costRatio: ratio("spent"),
  });
  console.log(
    reached === undefined
      ? `seed ${seed}: hypervolume ${target.toFixed(4)} after ${needed.full} whole evaluations ` +
          `without, not within ${budget} with`
      : `seed ${seed}: hypervolume ${target.toFixed(4)} after ${needed.full} whole evaluations ` +
          `without, ${reached.full} with: ratio ${ratio("full").toFixed(3)}; with low-fidelity ` +
          `evaluations as shares ${reached.spent.toFixed(1)}: ${ratio("spent").toFixed(3)}`,
  );
}
const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const median = middle(rows.map(({ ratio }) => ratio));
const costMedian = middle(rows.map(({ costRatio }) => costRatio));
console.log(
  `median ratio of whole evaluations ${median.toFixed(3)} (to be at most 0.333), with ` +
    `low-fidelity evaluations ${costMedian.toFixed(3)}`,
);
if (args.json !== undefined)
  await writeFile(
    args.json,
    `${JSON.stringify({ model: name, budget, rows, median, costMedian }, null, 2)}\n`,
  );
await evaluator.dispose();
