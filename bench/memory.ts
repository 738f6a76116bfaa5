//   npm run bench:memory -- [--generations 2000] [--json]
// Heap of a long run with limits on archive and cache, after a forced collection: it must not grow
// with the generations. Also what a checkpoint costs per generation, early and late, in a run of
// 10,000 evaluations of 50 layers.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  type AccuracyEvaluator,
  type LayerSpec,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
} from "../src/index.js";

const { values: flags } = parseArgs({
  options: {
    generations: { type: "string", default: "2000" },
    json: { type: "boolean", default: false },
  },
});
const layers: LayerSpec[] = Array.from({ length: 50 }, (_, i) => ({
  name: `layer ${i}`,
  kind: "gemm",
  parameterCount: 4096,
  macs: 4096,
  inputShape: [1, 64],
  outputShape: [1, 64],
}));
/** Accuracy by formula, so that nothing but the search takes time. */
const evaluator: AccuracyEvaluator = {
  kind: "measured",
  identity: "formula",
  evaluate: async (genome) => {
    let loss = 0;
    let i = 0;
    for (const { weightBits } of genome.layerConfigs.values())
      loss += ((i++ % 7) + 1) * 2 ** -weightBits;
    const accuracy = Math.exp(-loss / 50);
    return {
      kind: "measured",
      accuracy,
      metric: "formula",
      metricValue: accuracy,
      source: "formula",
    };
  },
};
const collect = (globalThis as { gc?: () => void }).gc;
if (collect === undefined) throw new Error("run with --expose-gc");
const heapMb = () => {
  collect();
  collect();
  return process.memoryUsage().heapUsed / 1e6;
};

const generations = Number(flags.generations);
const at = [0.1, 0.5, 1].map((share) => Math.round(generations * share));
/**
 * Few settings: the tables of what a layer costs in each setting, which are kept as well, are soon
 * complete.
 */
const FEW: QuantizationEvolutionConfig = {
  weightSchemes: ["symmetric"],
  activationSchemes: ["asymmetric"],
  calibrationMethods: ["mse"],
  activationBitChoices: [8],
  allowPerGroup: false,
};
async function heapOf(
  name: string,
  config: QuantizationEvolutionConfig,
): Promise<Record<number, number>> {
  const heap: Record<number, number> = {};
  await new QuantizationEvolutionEngine(
    {
      populationSize: 20,
      maxGenerations: generations,
      seed: 1,
      archiveLimit: 100,
      cacheLimit: 1000,
      ...config,
    },
    { evaluator },
  ).runEvolution(layers, {
    callback: (generation) => {
      if (!at.includes(generation)) return;
      heap[generation] = heapMb();
      if (!flags.json)
        console.log(`${name}, generation ${generation}: ${heap[generation].toFixed(2)} MB`);
    },
  });
  return heap;
}
const heap = {
  "few settings": await heapOf("few settings", FEW),
  "all settings": await heapOf("all settings", {}),
};
const growth = Object.fromEntries(
  Object.entries(heap).map(([name, values]) => [name, values[at[2]!]! / values[at[1]!]!]),
);

const folder = mkdtempSync(join(tmpdir(), "quantevo-memory-"));
async function timed(path?: string) {
  const moments: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  await new QuantizationEvolutionEngine(
    {
      populationSize: 100,
      maxGenerations: 200,
      maxEvaluations: 10_000,
      seed: 1,
      archiveLimit: 200,
    },
    { evaluator },
  ).runEvolution(layers, {
    callback: () => void moments.push(performance.now()),
    ...(path !== undefined && { checkpoint: path }),
  });
  const { user, system } = process.cpuUsage(cpu);
  /**
   * Median time between two generations. A resumed run does not tell of those that were completed.
   */
  const gap = (from: number, to: number) =>
    moments
      .slice(from + 1, to)
      .map((moment, i) => moment - moments[from + i]!)
      .sort((a, b) => a - b)[(to - from) >> 1] ?? 0;
  return {
    wallMs: performance.now() - start,
    cpuMs: (user + system) / 1000,
    earlyMsPerGeneration: gap(10, 30),
    lateMsPerGeneration: gap(78, 98),
  };
}
const path = join(folder, "run.checkpoint");
await timed();
const plain = await timed();
const kept = await timed(path);
const resumed = await timed(path);
const bytes = statSync(path).size;
rmSync(folder, { recursive: true, force: true });
const checkpoint = { evaluations: 10_000, layers: 50, bytes, plain, kept, resumed };
if (flags.json) console.log(JSON.stringify({ heapMb: heap, growth, checkpoint }));
else {
  for (const [name, ratio] of Object.entries(growth))
    console.log(`heap at the end over heap half-way, ${name}: ${ratio.toFixed(3)}`);
  console.log(`checkpoint of 10,000 evaluations of 50 layers: ${(bytes / 1e6).toFixed(2)} MB`);
  for (const [name, t] of Object.entries({
    "without checkpoint": plain,
    "with checkpoint": kept,
    "resumed at its end": resumed,
  }))
    console.log(
      `${name.padEnd(18)} ${Math.round(t.wallMs)} ms (CPU ${Math.round(t.cpuMs)})` +
        (t.earlyMsPerGeneration === 0
          ? ""
          : `; a generation of 100: ${t.earlyMsPerGeneration.toFixed(1)} ms early, ` +
            `${t.lateMsPerGeneration.toFixed(1)} ms late`),
    );
}
