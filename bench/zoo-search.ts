//   npm run bench:zoo -- --zoo DIR --model resnet20|mobilenetv2|kws-dscnn|shakespeare-gpt|all
//   [--metric divergence|labels] [--seeds 1,2,3] [--budget N] [--baselines [--only uniform,greedy]]
//   [--json FILE] [--cache DIR]
// Searches a model of the zoo with ONNX Runtime in the loop, on calibration data (divergence from
// float32, or labels), and reports on test data. Signs at a baseline's loss on the test data say
// whether evolution is better (<), tied (=) or worse (>) there, by 1.645 standard errors of the
// paired difference. "evolution above" is the same on the searched data, at 40 sizes.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { hypervolumes } from "../src/engine/baselines/baseline-report.js";
import { float32SizeBytes } from "../src/evaluation/genome-size.js";
import {
  createOnnxEvaluator,
  type Metric,
  type OnnxEvaluator,
  outputDivergence,
} from "../src/formats/onnx/index.js";
import {
  type BaselineName,
  QuantizationEvolutionEngine,
  type QuantizationGenome,
} from "../src/index.js";
import {
  bestWithin,
  frontStanding,
  type Standing,
  standing,
  type Verdict,
} from "./front-comparison.js";
import { cachedMeasurements } from "./measurement-cache.js";
import { sizeCosts } from "./size-costs.js";
import { zooSearchConfig } from "./zoo-search-config.js";
import { ZOO_TASKS, type ZooData, type ZooTask, zooTask } from "./zoo-tasks.js";

const { values: args } = parseArgs({
  options: {
    zoo: { type: "string" },
    model: { type: "string", default: "all" },
    metric: { type: "string", default: "divergence" },
    seeds: { type: "string", default: "1" },
    budget: { type: "string", default: "100" },
    population: { type: "string", default: "20" },
    baselines: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "string" },
    cache: { type: "string" },
  },
});
if (args.zoo === undefined) throw new Error("--zoo DIR says where the zoo is");
const names = args.model === "all" ? ZOO_TASKS : ZOO_TASKS.filter((name) => name === args.model);
if (names.length === 0)
  throw new Error(`--model is ${args.model}; allowed: all, ${ZOO_TASKS.join(", ")}`);

/** Baselines to run; true = all. */
const only = args.only === undefined ? true : (args.only.split(",") as BaselineName[]);

/** Compression, as shares of the task's, at which fronts are compared. */
const STOPS = [0.75, 0.875, 1, 1.125, 1.25];

type CountedEvaluator = Omit<OnnxEvaluator, "fileBytes">;

async function evaluatorOf(
  task: ZooTask,
  data: ZooData,
  metric: Metric,
): Promise<CountedEvaluator> {
  // Targets and baselines go by sizes to the bit, not by those of files.
  const { fileBytes: _, ...evaluator } = await createOnnxEvaluator(task.model, {
    calibration: task.calibration,
    validation: data.batches,
    metric,
  });
  return args.cache === undefined ? evaluator : cachedMeasurements(evaluator, args.cache);
}

interface Point {
  /** Compression asked for; the genome has at least that. */
  readonly stop: number;
  readonly compression: number;
  /**
   * Metric in its own unit (top-1, perplexity) on the data that was searched, and on the test data.
   */
  readonly searched: number;
  readonly tested: number;
  /** Loss on the test data: points of top-1 as a share, relative rise of perplexity. */
  readonly loss: number;
}

/** How evolution stands to a baseline. */
interface Against {
  /**
   * On the data that was searched: at how many of 40 sizes evenly spaced by ratio it is above, tied
   * or below.
   */
  readonly searched: Readonly<Record<Verdict, number>>;
  /** On the test data: at each of the compressions where both have a genome. */
  readonly tested: readonly (Standing & { readonly stop: number })[];
}

interface Line {
  readonly seed: string;
  readonly name: string;
  readonly wholeEvaluations: number;
  /** Over the points of evolution and all baselines of this seed, on the data that was searched. */
  readonly hypervolume: number;
  /** Of a baseline: genomes of its front that no evolved one dominates or equals. */
  readonly unbeaten: number;
  readonly points: readonly Point[];
  /** Of a baseline. */
  readonly against?: Against;
  /**
   * The most accurate genome (on the data that was searched) of at least the task's compression.
   */
  readonly chosen: Point | undefined;
}

/** How evolution stands to a baseline's genome, by test samples. */
const SIGNS: Readonly<Record<Verdict, string>> = { above: "<", tied: "=", below: ">" };

const lossOf = (evaluator: CountedEvaluator, metric: number) => {
  const { metric: name, metricValue } = evaluator.baseline;
  return name === "perplexity" ? metric / metricValue - 1 : metricValue - metric;
};

async function searchTask(task: ZooTask): Promise<readonly Line[]> {
  const metric = args.metric === "labels" ? task.search.metric : outputDivergence();
  const evaluator = await evaluatorOf(task, task.search, metric);
  const test = await evaluatorOf(task, task.test, task.test.metric);
  console.log(
    `${task.name}: float32 ${evaluator.baseline.metric} ` +
      `${evaluator.baseline.metricValue.toFixed(4)} on ` +
      `${task.search.samples} samples to search on, ${test.baseline.metricValue.toFixed(4)} ` +
      `on ${task.test.samples} test samples`,
  );
  /** The most accurate genome of a front that compresses so much, measured on the test data. */
  const pointAt = async (
    front: readonly QuantizationGenome[],
    stop: number,
  ): Promise<Point | undefined> => {
    const best = front.find((genome) => genome.compressionRatio! >= stop);
    if (best === undefined) return undefined;
    const tested = (await test.evaluate(best, {})).metricValue;
    return {
      stop,
      compression: best.compressionRatio!,
      searched: best.metrics!.accuracyMetricValue,
      tested,
      loss: lossOf(test, tested),
    };
  };
  const lineOf = async (
    front: readonly QuantizationGenome[],
    line: Omit<Line, "points" | "chosen">,
  ): Promise<Line> => {
    const points: Point[] = [];
    for (const stop of STOPS) {
      const point = await pointAt(front, stop * task.compression);
      if (point) points.push(point);
    }
    const made = { ...line, points, chosen: points.find(({ stop }) => stop === task.compression) };
    print(task, made);
    return made;
  };
  const scoresOf = (of: OnnxEvaluator) => async (genome: QuantizationGenome) =>
    (await of.evaluate(genome, {})).sampleScores!;
  const againstOf = async (
    evolved: readonly QuantizationGenome[],
    front: readonly QuantizationGenome[],
  ): Promise<Against> => {
    const tested: Against["tested"][number][] = [];
    for (const share of STOPS) {
      const stop = share * task.compression;
      const size = float32SizeBytes(task.model.spec) / stop;
      const [own, other] = [bestWithin(evolved, size), bestWithin(front, size)];
      if (own && other) tested.push({ stop, ...(await standing(own, other, scoresOf(test))) });
    }
    return { searched: await frontStanding(evolved, front, scoresOf(evaluator)), tested };
  };
  const lines: Line[] = [];
  for (const seed of args.seeds.split(",")) {
    const engine = new QuantizationEvolutionEngine(
      { ...zooSearchConfig(seed), populationSize: Number(args.population) },
      { evaluator, costModel: sizeCosts },
    );
    const started = performance.now();
    const { paretoFront, wholeEvaluations, evaluations, baselines } = await engine.runEvolution(
      task.model.spec,
      { baselines: args.baselines && only, maxEvaluations: Number(args.budget) },
    );
    const reports = baselines ?? [];
    const [evolved, ...others] = hypervolumes(
      [paretoFront, ...reports.map(({ front }) => front)].map((front) =>
        front.map(({ metrics }) => [1 - metrics!.accuracy, metrics!.sizeBytes]),
      ),
    );
    console.log(
      `seed ${seed}: ${evaluations} evaluations worth ${wholeEvaluations.toFixed(1)} whole ` +
        `ones, ${((performance.now() - started) / 1000).toFixed(0)} s`,
    );
    lines.push(
      await lineOf(paretoFront, {
        seed,
        name: "evolution",
        wholeEvaluations,
        hypervolume: evolved!,
        unbeaten: 0,
      }),
    );
    for (const [i, report] of reports.entries())
      lines.push(
        await lineOf(report.front, {
          seed,
          name: report.name,
          wholeEvaluations: report.wholeEvaluations,
          hypervolume: others[i]!,
          unbeaten: report.unbeaten.length,
          against: await againstOf(paretoFront, report.front),
        }),
      );
  }
  await Promise.all([evaluator.dispose(), test.dispose()]);
  return lines;
}

function print(task: ZooTask, line: Line): void {
  const { name, wholeEvaluations, hypervolume, unbeaten, points, chosen, against } = line;
  const cells = points.map(({ stop, loss }) => {
    const verdict = against?.tested.find((one) => one.stop === stop)?.verdict;
    return (
      `${stop.toFixed(2)}x ` +
      `${(100 * loss).toFixed(2).padStart(6)}${verdict === undefined ? "" : SIGNS[verdict]}`
    );
  });
  const verdict =
    chosen === undefined
      ? ""
      : ` | at ${task.compression}x: ${chosen.compression.toFixed(2)}x, ` +
        `${(100 * chosen.loss).toFixed(2)} of ${(100 * task.loss).toFixed(1)} ` +
        `lost${chosen.loss <= task.loss ? "" : " MISSED"}`;
  const stands =
    against === undefined
      ? ""
      : ` | evolution above ${against.searched.above} tied ${against.searched.tied} below ` +
        `${against.searched.below}`;
  console.log(
    `  ${name.padEnd(9)} ${wholeEvaluations.toFixed(0).padStart(4)} hv ` +
      `${hypervolume.toFixed(4)} unbeaten ${String(unbeaten).padStart(2)}${stands} | lost on ` +
      `test: ${cells.join("  ")}${verdict}`,
  );
}

const results: Record<string, readonly Line[]> = {};
for (const name of names) results[name] = await searchTask(await zooTask(name, args.zoo));
if (args.json !== undefined)
  await writeFile(
    args.json,
    `${JSON.stringify({ budget: Number(args.budget), results }, null, 2)}\n`,
  );
