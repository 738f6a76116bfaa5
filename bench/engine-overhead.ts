//   npm run bench:engine -- [--layers 50] [--population 100] [--generations 100] [--json]
// What the engine costs besides its evaluations, as CPU time of one process. It compares a whole
// run with the predicted evaluator, the evaluations of the same genomes alone, and the bare search
// on choice tables.
import { parseArgs } from "node:util";
import { genomeSizeBytes } from "../src/evaluation/genome-size.js";
import { createPredictedEvaluator } from "../src/evaluation/index.js";
import { costModelFor, QuantizationEvolutionEngine, referenceWorkload } from "../src/index.js";
import { evolveChoices } from "../src/search/evolve-choices.js";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    layers: { type: "string", default: "50" },
    population: { type: "string", default: "100" },
    generations: { type: "string", default: "100" },
  },
});
const layerCount = Number(flags.layers);
const populationSize = Number(flags.population);
const maxGenerations = Number(flags.generations);
const KINDS = ["conv", "attention", "ffn", "depthwise_conv"];
const model = referenceWorkload(
  Array.from({ length: layerCount }, (_, i) => `block${Math.floor(i / 4)}_${KINDS[i % 4]}_${i}`),
);

async function timed<T>(
  run: () => T | Promise<T>,
): Promise<{ result: T; cpuMs: number; wallMs: number }> {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  const result = await run();
  const { user, system } = process.cpuUsage(cpu);
  return { result, wallMs: performance.now() - wall, cpuMs: (user + system) / 1000 };
}

const config = { populationSize, maxGenerations, minBits: 2, maxBits: 8, seed: 1 };
// The same evaluator in both runs: the second finds its table of noise filled, and what it costs is
// the search.
const evaluator = createPredictedEvaluator(model);
const cold = await timed(() =>
  new QuantizationEvolutionEngine(config, { evaluator }).runEvolution(model),
);
const search = { ...config, useSensitivityAnalysis: false, adaptiveBitAllocation: false };
await new QuantizationEvolutionEngine(search, { evaluator }).runEvolution(model);
const run = await timed(() =>
  new QuantizationEvolutionEngine(search, { evaluator }).runEvolution(model),
);
const { evaluations, paretoFront } = run.result;
const evaluation = { model, costModel: costModelFor("arm-neon"), evaluator };
const alone = await timed(async () => {
  for (let i = 0; i < evaluations; i++) {
    const genome = paretoFront[i % paretoFront.length]!;
    evaluation.costModel.estimate(model, genome);
    genomeSizeBytes(model, genome);
    await evaluator.evaluate(genome, {});
  }
});
const counts = new Uint16Array(layerCount).fill(7);
const bare = await timed(() =>
  evolveChoices(
    {
      counts,
      objectives: 4,
      evaluate(genes, out, at) {
        out.fill(0, at, at + 4);
        for (let g = 0; g < genes.length; g++)
          for (let k = 0; k < 4; k++)
            out[at + k]! += k % 2 === 0 ? genes[g]! * (g + 1) : 1 / (1 + genes[g]!) + k;
      },
    },
    { seed: 1, maxEvaluations: evaluations, populationSize },
  ),
);
const report = {
  layers: layerCount,
  evaluations,
  front: paretoFront.length,
  engineCpuMs: run.cpuMs,
  engineWallMs: run.wallMs,
  coldEngineCpuMs: cold.cpuMs,
  evaluationsAloneCpuMs: alone.cpuMs,
  bareCpuMs: bare.cpuMs,
  engineMicrosecondsPerEvaluation: (1000 * run.cpuMs) / evaluations,
  bareMicrosecondsPerEvaluation: (1000 * bare.cpuMs) / evaluations,
};
console.log(flags.json ? JSON.stringify(report) : report);
