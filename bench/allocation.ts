// npm run bench:allocation -- INSTANCE.json [--json] [--seeds 10] [--evaluations 5000] [--objectives omega,sizeMb,latencyMs]
// Exact optima under each budget and the evolved front, on an instance in the format of HAWQ-V3's published tables:
// layers with choices, each a record of `bits`, `omega` and costs; ties; budgets as parts of the way from least to most.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { AllocationProblem } from "../src/allocation/allocation-problem.js";
import { evolveAllocation } from "../src/allocation/evolve-allocation.js";
import { solveAllocation } from "../src/allocation/solve-allocation.js";
import { hypervolume } from "../src/pareto/hypervolume.js";
import { trueFront } from "./true-front.js";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    seeds: { type: "string", default: "10" },
    evaluations: { type: "string", default: "5000" },
    objectives: { type: "string" },
    timeLimitMs: { type: "string", default: "60000" },
  },
});
if (positionals[0] === undefined) {
  console.error("usage: npm run bench:allocation -- INSTANCE.json [--json]");
  process.exit(1);
}
const instance = JSON.parse(readFileSync(positionals[0], "utf8")) as AllocationProblem & {
  name?: string;
  budgets?: number[];
};
const metrics = Object.keys(instance.layers[0]!.choices[0]!).filter((name) => name !== "bits");
const costs = metrics.filter((name) => name !== "omega");
const objectives =
  flags.objectives?.split(",") ??
  (["omega", "sizeMb", "latencyMs"].every((name) => metrics.includes(name))
    ? ["omega", "sizeMb", "latencyMs"]
    : metrics.slice(0, 4));
const budgets = instance.budgets ?? [0.25, 0.5, 0.75];

/** Least and most sum of a metric that ties allow when all layers take the choice of one place in the list. */
const range = (metric: string): [number, number] => {
  let [low, high] = [0, 0];
  for (const { choices } of instance.layers) {
    low += choices[0]![metric]!;
    high += choices.at(-1)![metric]!;
  }
  return low <= high ? [low, high] : [high, low];
};

const exact = costs.flatMap((cost) =>
  budgets.map((budget) => {
    const [low, high] = range(cost);
    const limit = low + budget * (high - low);
    const started = performance.now();
    const solution = solveAllocation(instance, {
      minimize: "omega",
      budgets: { [cost]: limit },
      timeLimitMs: Number(flags.timeLimitMs),
    });
    return {
      cost,
      budget,
      omega: solution.objective,
      used: solution.used[cost],
      lowerBound: solution.lowerBound,
      gap: solution.gap,
      limit,
      milliseconds: performance.now() - started,
      choice: solution.choice,
    };
  }),
);

const ranges = objectives.map(range);
const normalized = (values: readonly number[]) =>
  values.map((value, k) => (value - ranges[k]![0]) / (ranges[k]![1] - ranges[k]![0] || 1));
const truth = trueFront(instance, objectives);
const budget = Number(flags.evaluations);
const milestones = [1000, 1500, 2500, 5000].filter((at) => at <= budget);

function evolve(seed: number, maxEvaluations: number, seeding: number, guided: boolean) {
  const found = new Set<string>();
  const foundAfter: Record<string, number> = {};
  let allFoundAt: number | null = null;
  const started = performance.now();
  const result = evolveAllocation(instance, {
    objectives,
    seed,
    maxEvaluations,
    seeding,
    guided,
    onEvaluation(choice, evaluation) {
      const key = choice.join();
      if (truth?.has(key)) {
        found.add(key);
        if (found.size === truth.size) allFoundAt ??= evaluation;
      }
      if (milestones.includes(evaluation)) foundAfter[evaluation] = found.size;
    },
  });
  return {
    seed,
    uniqueEvaluations: result.evaluations,
    frontPointsFound: truth === undefined ? null : found.size,
    trueFrontPoints: truth?.size ?? null,
    hypervolume: hypervolume(
      result.front.map((point) => normalized(point.values)),
      objectives.map(() => 1.1),
    ),
    ...(truth !== undefined && { foundAfter, allFoundAt }),
    archive: result.front.length,
    milliseconds: performance.now() - started,
  };
}

const seeds = Array.from({ length: Number(flags.seeds) }, (_, i) => i + 1);
const report = {
  instance: instance.name ?? positionals[0],
  objectives,
  exact,
  // Nothing but evaluations tells this one about the tables: no exact points, no guidance.
  evolution: seeds.map((seed) => evolve(seed, budget, 0, false)),
  evolutionSeeded: seeds.map((seed) => evolve(seed, Math.min(1000, budget), 0.25, true)),
};
if (flags.json) console.log(JSON.stringify(report));
else {
  console.log(`${report.instance}: ${objectives.join(", ")}`);
  for (const line of exact)
    console.log(
      `  least omega with ${line.cost} at ${line.budget}: ${line.omega} (bound ${line.lowerBound}, gap ${line.gap})`,
    );
  for (const [name, runs] of [
    ["unseeded", report.evolution],
    ["seeded", report.evolutionSeeded],
  ] as const)
    for (const run of runs) console.log(`  ${name} ${JSON.stringify(run)}`);
}
