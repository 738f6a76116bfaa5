//   npm run bench:operators -- [--seeds 5] [--evaluations 1500] [--json]
// What each operator of the engine contributes on predicted workloads: hypervolume at equal
// evaluations with all operators, without one, and without those that know the domain. Each figure
// is relative to that of all operators: the median over seeds, and the least and most of any seed.
// Below 1 `without NAME` means that NAME helps.
import { parseArgs } from "node:util";
import { resolveConfig } from "../src/engine/config.js";
import { EvaluationLedger } from "../src/engine/ledger/evaluation-ledger.js";
import { costLimitRepair } from "../src/engine/run/cost-limit-repair.js";
import { Evolution, type EvolutionSettings } from "../src/engine/run/evolution.js";
import { exactSeeds } from "../src/engine/run/exact-seeds.js";
import { geneSpaceOf } from "../src/engine/run/gene-space-of.js";
import { createRunContext } from "../src/engine/run/run-context.js";
import { createNoiseTable } from "../src/evaluation/noise/noise-table.js";
import { objectiveVector } from "../src/evaluation/objectives.js";
import { createPredictedEvaluator } from "../src/evaluation/predicted-evaluator.js";
import { layerSensitivity } from "../src/evaluation/sensitivity/layer-sensitivity.js";
import { sensitivityPrior } from "../src/evaluation/sensitivity/sensitivity-prior.js";
import { costModelFor, type QuantizationEvolutionConfig, referenceWorkload } from "../src/index.js";
import { builtInOperators, type VariationOperators } from "../src/operators/built-in-operators.js";
import { hypervolume } from "../src/pareto/hypervolume.js";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seeds: { type: "string", default: "5" },
    evaluations: { type: "string", default: "1500" },
  },
});
const EVALUATIONS = Number(flags.evaluations);
const SEEDS = Array.from({ length: Number(flags.seeds) }, (_, i) => i + 1);

const names = (count: number, kinds: readonly string[]) =>
  Array.from(
    { length: count },
    (_, i) => `stage${Math.floor(i / kinds.length)}.${kinds[i % kinds.length]}`,
  );
const WORKLOADS: readonly {
  name: string;
  layers: string[];
  config: QuantizationEvolutionConfig;
}[] = [
  {
    name: "convolutions, 22 layers, arm-dot",
    layers: ["conv_stem", ...names(20, ["conv_a", "conv_b"]), "head"],
    config: { minBits: 2, hardwareTarget: "arm-dot" },
  },
  {
    name: "transformer, 26 layers, intel-vnni",
    layers: [
      "embedding",
      ...names(24, ["attention_q", "attention_k", "attention_v", "ffn_up", "ffn_down", "proj"]),
      "output",
    ],
    config: { minBits: 2, hardwareTarget: "intel-vnni" },
  },
  {
    name: "convolutions, 22 layers, arm-dot, memory and latency limited",
    layers: ["conv_stem", ...names(20, ["conv_a", "conv_b"]), "head"],
    config: { minBits: 2, hardwareTarget: "arm-dot", targetMemoryMb: -1, targetLatencyMs: -1 },
  },
];

function variants(all: VariationOperators): Map<string, VariationOperators> {
  const without = <T extends { name: string }>(list: readonly T[], name: string) =>
    list.filter((operator) => operator.name !== name);
  const map = new Map([["all", all]]);
  map.set("plain (uniform, two-point, step-mutation)", {
    crossovers: all.crossovers.filter(({ name }) => name !== "stage-crossover"),
    mutations: all.mutations.filter(({ name }) => name === "step-mutation"),
  });
  for (const { name } of all.crossovers)
    map.set(`without ${name}`, { ...all, crossovers: without(all.crossovers, name) });
  for (const { name } of all.mutations)
    map.set(`without ${name}`, { ...all, mutations: without(all.mutations, name) });
  return map;
}

const report = [];
for (const workload of WORKLOADS) {
  const model = referenceWorkload(workload.layers);
  const noiseTable = createNoiseTable(model);
  const evaluator = createPredictedEvaluator(model, { noiseTable });
  const costModel = costModelFor(workload.config.hardwareTarget!);
  const scores = layerSensitivity(model, { noiseTable });
  const limits =
    workload.config.targetMemoryMb === undefined
      ? {}
      : await (async () => {
          const { uniformGenome } = await import("../src/evaluation/uniform-genome.js");
          const [low, high] = [2, 8].map((bits) =>
            costModel.estimate(
              model,
              uniformGenome(model, { weightBits: bits as 2 | 8, granularity: "per-channel" }),
            ),
          );
          const between = (a: number, b: number) => a + 0.4 * (b - a);
          return {
            targetMemoryMb: between(low!.memoryFootprintMb, high!.memoryFootprintMb),
            targetLatencyMs: between(low!.latencyMs, high!.latencyMs) * 1.02,
          };
        })();
  const populationSize = 30;
  const config = resolveConfig({ ...workload.config, ...limits, populationSize });
  const context = createRunContext({ config, model, costModel, evaluator }, noiseTable);
  const space = geneSpaceOf(model, config, costModel);
  const operators = builtInOperators(scores);
  const runs = variants(operators);
  const front = async (seed: number, own: VariationOperators, seeded: boolean, repair: boolean) => {
    const ledger = new EvaluationLedger(context, { concurrency: 1, caching: true });
    const settings: EvolutionSettings = {
      space,
      populationSize,
      elitismRatio: config.elitismRatio,
      mutationRate: config.mutationRate,
      crossoverRate: config.crossoverRate,
      seed,
      operators: own,
      ...(seeded && {
        allocationScores: scores,
        seeds: exactSeeds({ model, noiseTable, costModel, noiseWeights: sensitivityPrior(model) }),
      }),
      ...(repair && { limitRepair: costLimitRepair(context, scores) }),
    };
    const evolution = new Evolution(settings, ledger);
    let state = await evolution.start();
    while (ledger.evaluations < EVALUATIONS) state = await evolution.evolve();
    return {
      points: ledger.feasible ? ledger.front.map((genome) => objectiveVector(genome.metrics!)) : [],
      credit: state.operatorCredit,
    };
  };
  for (const seeded of [false, true]) {
    const fronts = new Map<string, (readonly (readonly number[])[])[]>();
    let credit: unknown;
    for (const [name, own] of runs) {
      const list = [];
      for (const seed of SEEDS) {
        const found = await front(seed, own, seeded, true);
        list.push(found.points);
        if (name === "all" && seed === SEEDS[0]) credit = found.credit;
      }
      fronts.set(name, list);
    }
    if (Object.keys(limits).length > 0)
      fronts.set(
        "without repair to limits",
        await Promise.all(
          SEEDS.map(async (seed) => (await front(seed, operators, seeded, false)).points),
        ),
      );
    const every = [...fronts.values()].flat(2);
    const low = [0, 1, 2, 3].map((k) =>
      every.reduce((least, point) => Math.min(least, point[k]!), Infinity),
    );
    const high = [0, 1, 2, 3].map((k) =>
      every.reduce((most, point) => Math.max(most, point[k]!), -Infinity),
    );
    const volume = (points: readonly (readonly number[])[]) =>
      points.length === 0
        ? 0
        : hypervolume(
            points.map((point) =>
              point.map((value, k) => (value - low[k]!) / (high[k]! - low[k]! || 1)),
            ),
            [1.1, 1.1, 1.1, 1.1],
          );
    const median = (values: readonly number[]) =>
      values.toSorted((a, b) => a - b)[values.length >> 1]!;
    const volumes = new Map([...fronts].map(([name, list]) => [name, list.map(volume)]));
    const ofAll = volumes.get("all")!;
    const all = median(ofAll);
    const relative = ([name, values]: [string, readonly number[]]) => {
      const ratios = values.map((value, i) => value / ofAll[i]!);
      const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
      return [name, { median: median(values) / all, least, most }] as const;
    };
    const entry = {
      workload: workload.name,
      seeded,
      evaluations: EVALUATIONS,
      hypervolume: all,
      relative: Object.fromEntries([...volumes].map(relative)),
      credit,
    };
    report.push(entry);
    if (!flags.json) console.log(JSON.stringify(entry, null, 1));
  }
}
if (flags.json) console.log(JSON.stringify(report));
