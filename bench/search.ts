//   npm run bench:search -- [mixed-precision-50.json] [--json]
// The search on a network of fifty layers with ten choices each (two and four objectives), beside a
// plain NSGA-II timed in the same run. Also the same NSGA-II core on real-coded test problems,
// beside pymoo's figures.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { AllocationProblem } from "../src/allocation/allocation-problem.js";
import { evolveAllocation } from "../src/allocation/evolve-allocation.js";
import { hypervolume } from "../src/pareto/hypervolume.js";
import { type PlainProblem, plainNsga2 } from "./plain-nsga2.js";
import { REAL_PROBLEMS, realNsga2 } from "./real-coded.js";

/**
 * pymoo 0.6.2, compiled, NSGA-II, real-coded: median hypervolume of seeds 1 to 5 (reference 1.1);
 * from the results in mixed-precision-50.json.
 */
const PYMOO: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  zdt1: { 100: 0.8497213506574589, 250: 0.869764358493608 },
  zdt2: { 100: 0.49410333856632865, 250: 0.5363799780132411 },
  dtlz2: { 100: 0.6949327287038828, 250: 0.7045817409988102 },
};
const EVALUATIONS = 10_000;
const SEEDS = [1, 2, 3, 4, 5];
const METRICS = ["error", "size", "latency", "energy"];

interface Instance {
  readonly layers: readonly ({ readonly name: string } & Readonly<
    Record<string, readonly number[]>
  >)[];
  readonly ideal: readonly number[];
  readonly nadir: readonly number[];
  readonly ref: number;
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false } },
});
const path =
  positionals[0] ??
  fileURLToPath(new URL("../../shared/anchors/mixed-precision-50.json", import.meta.url));
const instance = JSON.parse(readFileSync(path, "utf8")) as Instance;

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;
/** CPU time in milliseconds: other work on the machine does not count. */
function timed<T>(run: () => T): { result: T; wallMs: number; cpuMs: number } {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  const result = run();
  const { user, system } = process.cpuUsage(cpu);
  return { result, wallMs: performance.now() - wall, cpuMs: (user + system) / 1000 };
}

function mixedPrecision(objectives: number) {
  const metrics = METRICS.slice(0, objectives);
  const problem: AllocationProblem = {
    layers: instance.layers.map((layer) => ({
      name: layer.name,
      choices: layer.error!.map((_, c) =>
        Object.fromEntries(metrics.map((m) => [m, layer[m]![c]!])),
      ),
    })),
  };
  const table = Float64Array.from(
    instance.layers.flatMap((layer) =>
      layer.error!.flatMap((_, c) => metrics.map((m) => layer[m]![c]!)),
    ),
  );
  const plain: PlainProblem = {
    counts: Uint8Array.from(instance.layers, (layer) => layer.error!.length),
    objectives,
    evaluate(genes, offset, out, at) {
      for (let k = 0; k < objectives; k++) {
        let sum = 0;
        for (let i = 0; i < 50; i++) sum += table[(i * 10 + genes[offset + i]!) * objectives + k]!;
        out[at + k] = k === 0 ? 10 * Math.log10(sum) : sum;
      }
    },
  };
  const volume = (points: readonly (readonly number[])[]) =>
    hypervolume(
      points.map((point) =>
        point.map((v, k) => (v - instance.ideal[k]!) / (instance.nadir[k]! - instance.ideal[k]!)),
      ),
      metrics.map(() => instance.ref),
    );
  const evolve = (seed: number, seeding: number, guided: boolean, maxEvaluations = EVALUATIONS) =>
    evolveAllocation(problem, {
      objectives: metrics,
      seed,
      maxEvaluations,
      seeding,
      guided,
      logarithmic: ["error"],
    });
  // Once unmeasured, so that everything is compiled.
  for (const seed of [11, 12]) {
    plainNsga2(plain, 100, EVALUATIONS / 100, seed);
    evolve(seed, 0.25, true);
    evolve(seed, 0, false);
  }
  const times = { plain: [] as number[], unseeded: [] as number[], seeded: [] as number[] };
  const walls = { plain: [] as number[], unseeded: [] as number[], seeded: [] as number[] };
  const volumes = {
    plain: [] as number[],
    unseeded: [] as number[],
    guided: [] as number[],
    seeded: [] as number[],
  };
  for (const seed of SEEDS) {
    const yardstick = timed(() => plainNsga2(plain, 100, EVALUATIONS / 100, seed));
    const rows = Array.from({ length: 100 }, (_, i) => [
      ...yardstick.result.points.subarray(i * objectives, (i + 1) * objectives),
    ]);
    const unseeded = timed(() => evolve(seed, 0, false));
    const seeded = timed(() => evolve(seed, 0.25, true));
    for (const [name, run] of [
      ["plain", yardstick],
      ["unseeded", unseeded],
      ["seeded", seeded],
    ] as const) {
      times[name].push(run.cpuMs);
      walls[name].push(run.wallMs);
    }
    const dB = (front: typeof seeded.result.front) =>
      front.map(({ values }) => [10 * Math.log10(values[0]!), ...values.slice(1)]);
    volumes.plain.push(volume(rows));
    volumes.unseeded.push(volume(dB(unseeded.result.front)));
    volumes.guided.push(volume(dB(evolve(seed, 0, true).front)));
    volumes.seeded.push(volume(dB(seeded.result.front)));
  }
  const ratio = (name: "unseeded" | "seeded", of: typeof times) =>
    median(of[name]) / median(of.plain);
  return {
    problem: `mp${objectives}`,
    evaluations: EVALUATIONS,
    hypervolume: Object.fromEntries(
      Object.entries(volumes).map(([name, values]) => [name, median(values)]),
    ),
    hypervolumes: volumes,
    plainCpuMs: median(times.plain),
    cpuRatioUnseeded: ratio("unseeded", times),
    cpuRatioSeeded: ratio("seeded", times),
    wallRatioUnseeded: ratio("unseeded", walls),
    wallRatioSeeded: ratio("seeded", walls),
  };
}

const mixed = [2, 4].map(mixedPrecision);
const real = REAL_PROBLEMS.flatMap((problem) =>
  [100, 250].map((generations) => {
    const reference = new Array<number>(problem.objectives).fill(1.1);
    const volumes = SEEDS.map((seed) =>
      hypervolume(
        { data: realNsga2(problem, 100, generations, seed), dimensions: problem.objectives },
        reference,
      ),
    );
    const pymoo = PYMOO[problem.name]![generations]!;
    return {
      problem: problem.name,
      population: 100,
      generations,
      hypervolume: median(volumes),
      pymoo,
      ratio: median(volumes) / pymoo,
    };
  }),
);
if (flags.json) console.log(JSON.stringify({ mixedPrecision: mixed, realCoded: real }));
else {
  for (const { hypervolumes: _, ...line } of mixed) console.log(JSON.stringify(line, null, 1));
  for (const line of real)
    console.log(
      `${line.problem} 100 x ${line.generations}: ${line.hypervolume.toFixed(4)}, pymoo ` +
        `${line.pymoo.toFixed(4)}, ratio ${line.ratio.toFixed(4)}`,
    );
}
