//   npm run bench:allocation -- INSTANCE.json [--json] [--seeds 10] [--evaluations 5000]
//   [--objectives omega,sizeMb,latencyMs]
// Exact optima under each budget, and the evolved front, on an instance in the format of HAWQ-V3's
// published tables. Layers have choices, each a record of `bits`, `omega` and costs. Budgets are
// shares of the way from the least to the greatest sum. For an invalid file it prints one line that
// names the field, and exits with code 1.
import { parseArgs } from "node:util";
import { totalOf } from "../src/allocation/allocation-problem.js";
import { evolveAllocation } from "../src/allocation/evolve-allocation.js";
import { solveAllocation } from "../src/allocation/solve-allocation.js";
import { InvalidArgumentError, QuantevoError } from "../src/errors.js";
import { hypervolume } from "../src/pareto/hypervolume.js";
import { type AllocationInstance, readInstance } from "./allocation-instance.js";
import { trueFront } from "./true-front.js";

const USAGE =
  "usage: npm run bench:allocation -- INSTANCE.json [--json] [--seeds 10] [--evaluations " +
  "5000] [--objectives a,b] [--timeLimitMs 60000]";

interface Question {
  readonly seeds: number;
  readonly evaluations: number;
  readonly timeLimitMs: number;
  readonly objectives: readonly string[];
}

function main(): void {
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
  if (positionals.length !== 1) throw new InvalidArgumentError("INSTANCE.json", USAGE);
  const instance = readInstance(positionals[0]!);
  const question: Question = {
    seeds: whole("seeds", flags.seeds),
    evaluations: whole("evaluations", flags.evaluations),
    timeLimitMs: whole("timeLimitMs", flags.timeLimitMs),
    objectives: chosenObjectives(instance, flags.objectives?.split(",")),
  };
  const report = {
    instance: instance.name,
    objectives: question.objectives,
    exact: exactOptima(instance, question),
    ...evolved(instance, question),
  };
  if (flags.json) console.log(JSON.stringify(report));
  else print(report);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 1))
    throw new InvalidArgumentError(name, `--${name} is ${text}; allowed: a positive integer`);
  return value;
}

function chosenObjectives(
  { metrics }: AllocationInstance,
  asked?: readonly string[],
): readonly string[] {
  const usual = ["omega", "sizeMb", "latencyMs"];
  if (asked === undefined)
    return usual.every((name) => metrics.includes(name)) ? usual : metrics.slice(0, 4);
  for (const name of asked)
    if (!metrics.includes(name))
      throw new InvalidArgumentError(
        "objectives",
        `--objectives names ${JSON.stringify(name)}; allowed: ${metrics.join(", ")}`,
      );
  return asked;
}

/**
 * Sums of a metric when all layers take their first choice and when all take their last, the lesser
 * first.
 */
function range({ problem }: AllocationInstance, metric: string): [number, number] {
  const sum = (at: 0 | -1) =>
    totalOf(
      problem,
      problem.layers.map(({ choices }) => (at === 0 ? 0 : choices.length - 1)),
      metric,
    );
  const [first, last] = [sum(0), sum(-1)];
  return first <= last ? [first, last] : [last, first];
}

function exactOptima(instance: AllocationInstance, { timeLimitMs }: Question) {
  const { problem, metrics, minimized, budgets } = instance;
  const costs = metrics.filter((name) => name !== minimized);
  return costs.flatMap((cost) =>
    budgets.map((budget) => {
      const [low, high] = range(instance, cost);
      const limit = low + budget * (high - low);
      const started = performance.now();
      const milliseconds = () => performance.now() - started;
      try {
        const solution = solveAllocation(problem, {
          minimize: minimized,
          budgets: { [cost]: limit },
          timeLimitMs,
        });
        const { objective, used, lowerBound, gap, choice } = solution;
        const found = { cost, budget, omega: objective, used: used[cost], lowerBound, gap };
        return { ...found, limit, milliseconds: milliseconds(), choice };
      } catch (error) {
        // A budget that nothing can keep is an answer about the instance, the others go on.
        if (!(error instanceof InvalidArgumentError && error.path.startsWith("budgets")))
          throw error;
        const nothing = { omega: null, used: null, lowerBound: null, gap: null };
        return {
          cost,
          budget,
          ...nothing,
          limit,
          milliseconds: milliseconds(),
          infeasible: error.message,
        };
      }
    }),
  );
}

function evolved(instance: AllocationInstance, { objectives, evaluations, seeds }: Question) {
  const { problem } = instance;
  const ranges = objectives.map((metric) => range(instance, metric));
  const normalized = (values: readonly number[]) =>
    values.map((value, k) => (value - ranges[k]![0]) / (ranges[k]![1] - ranges[k]![0] || 1));
  const truth = trueFront(problem, objectives);
  const milestones = [1000, 1500, 2500, 5000].filter((at) => at <= evaluations);
  const evolve = (seed: number, maxEvaluations: number, seeding: number, guided: boolean) => {
    const found = new Set<string>();
    const foundAfter: Record<string, number> = {};
    let allFoundAt: number | null = null;
    const started = performance.now();
    const result = evolveAllocation(problem, {
      objectives,
      seed,
      maxEvaluations,
      seeding,
      guided,
      ...(truth !== undefined && {
        onEvaluation(choice: readonly number[], evaluation: number) {
          const key = choice.join();
          if (truth.has(key)) {
            found.add(key);
            if (found.size === truth.size) allFoundAt ??= evaluation;
          }
          if (milestones.includes(evaluation)) foundAfter[evaluation] = found.size;
        },
      }),
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
  };
  const each = Array.from({ length: seeds }, (_, i) => i + 1);
  return {
    // Nothing but evaluations tells this one about the tables: no exact points, no guidance.
    evolution: each.map((seed) => evolve(seed, evaluations, 0, false)),
    evolutionSeeded: each.map((seed) => evolve(seed, Math.min(1000, evaluations), 0.25, true)),
  };
}

function print(report: {
  instance: string;
  objectives: readonly string[];
  exact: ReturnType<typeof exactOptima>;
  evolution: readonly object[];
  evolutionSeeded: readonly object[];
}): void {
  console.log(`${report.instance}: ${report.objectives.join(", ")}`);
  for (const line of report.exact)
    console.log(
      "infeasible" in line
        ? `  ${line.cost} at ${line.budget}: ${line.infeasible}`
        : `  least with ${line.cost} at ${line.budget}: ${line.omega} (bound ` +
            `${line.lowerBound}, gap ${line.gap})`,
    );
  for (const run of report.evolution) console.log(`  unseeded ${JSON.stringify(run)}`);
  for (const run of report.evolutionSeeded) console.log(`  seeded ${JSON.stringify(run)}`);
}

try {
  main();
} catch (error) {
  const wrongFlag = (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  if (!(error instanceof QuantevoError || wrongFlag)) throw error;
  const { code, message } = error as QuantevoError;
  console.error(`${code}: ${message.split("\n")[0]}`);
  process.exitCode = 1;
}
