/**
 * Checks the cost model of ONNX Runtime on QDQ graphs against this machine:
 *
 * npm run validate:vnni -- /path/to/zoo [mixed genomes per model, default 40] [runs of each,
 * default 100]
 *
 * Float32, uniform INT8 (static QDQ) and random mixed int8/float genomes of each model are measured
 * with ONNX Runtime and predicted before and after `fitHardwareProfile` saw the other half of the
 * genomes. Exits with 1 when a rank correlation is below its limit. Says so and does nothing where
 * the processor has no VNNI.
 */
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import {
  loadOnnxModel,
  type MeasuredLatency,
  measureOnnxLatencies,
} from "../src/formats/onnx/index.js";
import { LayerQuantConfig } from "../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../src/genome/quantization-genome.js";
import {
  fitHardwareProfile,
  type HardwareProfileFit,
  latencyErrors,
} from "../src/hardware/fit/fit-hardware-profile.js";
import type { HardwareProfile } from "../src/hardware/profile/profile-schema.js";
import { RooflineCostModel } from "../src/hardware/roofline/roofline-cost-model.js";
import type { LatencyMeasurement } from "../src/hardware/table/latency-measurement.js";
import { intelVnniOnnxRuntime } from "../src/hardware/targets/intel-vnni-onnx-runtime.js";
import type { ModelSpec } from "../src/model/layer-spec.js";
import { rankCorrelation } from "../src/numeric/rank-correlation.js";
import { Random } from "../src/random/random.js";
import { zooModels } from "./zoo.js";

const BEFORE = 0.6;
const AFTER = 0.8;
const FLOAT = new LayerQuantConfig({ weightBits: 32, activationBits: 32 });
const INT8 = new LayerQuantConfig({ weightBits: 8, activationBits: 8 });

interface Case extends LatencyMeasurement {
  readonly measured: MeasuredLatency;
}

async function main(): Promise<void> {
  const [folder = process.env.QUANTEVO_ZOO, mixed = "40", runs = "100"] = process.argv.slice(2);
  if (folder === undefined)
    throw new Error("give the path of the zoo: npm run validate:vnni -- /path/to/zoo");
  const vnni = await vnniFlags();
  if (vnni.length === 0) {
    console.log(
      `${cpus()[0]?.model ?? "This processor"} has no VNNI: nothing to validate here, skipped.`,
    );
    return;
  }
  console.log(
    `${cpus()[0]?.model}, ${vnni.join(" ")}; fastest of ${runs} runs each, genomes taking ` +
      "turns, batch 1, 1 thread",
  );
  const byModel = new Map<string, readonly Case[]>();
  for (const zoo of zooModels(folder)) {
    const model = await loadOnnxModel(zoo.path);
    const genomes = genomesOf(model.spec, new Random(`validate-vnni ${zoo.name}`), Number(mixed));
    const results = await measureOnnxLatencies(
      model,
      genomes.map(([, genome]) => genome),
      { calibration: [await zoo.calibration(16)], repetitions: Number(runs), warmUp: 5 },
    );
    byModel.set(
      zoo.name,
      genomes.map(([name, genome], i): Case => {
        const measured = results[i]!;
        return {
          name,
          genome,
          model: model.spec,
          latencyMs: measured.minMs,
          measured,
          group: `${zoo.name} ${name}`,
        };
      }),
    );
    if (byModel.size === 1) console.log(results[0]?.source);
  }
  report(byModel);
}

/**
 * Float32, INT8, every other layer INT8, and mixtures with a share of INT8 that differs from genome
 * to genome.
 */
function genomesOf(
  model: ModelSpec,
  random: Random,
  mixed: number,
): [string, QuantizationGenome][] {
  const genome = (pick: (index: number) => boolean) =>
    new QuantizationGenome({
      calibrationMethod: "min-max",
      layerConfigs: new Map(model.layers.map(({ name }, i) => [name, pick(i) ? INT8 : FLOAT])),
    });
  const list: [string, QuantizationGenome][] = [
    ["float32", genome(() => false)],
    ["int8", genome(() => true)],
    ["alternating", genome((i) => i % 2 === 1)],
  ];
  for (let i = 0; i < mixed; i++) {
    const share = 0.1 + 0.8 * random.next();
    list.push([`mixed ${i}`, genome(() => random.chance(share))]);
  }
  return list;
}

function report(byModel: ReadonlyMap<string, readonly Case[]>): void {
  const halves = [...byModel].map(([name, cases]) => ({
    name,
    cases,
    seen: cases.filter((_, i) => i % 2 === 0),
    unseen: cases.filter((_, i) => i % 2 === 1),
  }));
  const start = intelVnniOnnxRuntime;
  const joint = fitHardwareProfile(
    halves.flatMap(({ seen }) => seen),
    { profile: start, source: "zoo, this machine" },
  );
  let failed = false;
  console.log(
    `\nSpearman's rank correlation of predicted and measured latency (limits: ${BEFORE} ` +
      `before the fit, on all genomes; ${AFTER} after, on the half that was not fitted)`,
  );
  console.log(
    row(
      "model",
      "genomes",
      "ceiling",
      "before",
      "after",
      "joint fit",
      "error before",
      "after",
      "joint",
    ),
  );
  const fits = new Map<string, HardwareProfileFit>();
  for (const { name, cases, seen, unseen } of halves) {
    const fit = fitHardwareProfile(seen, { profile: start, source: `${name}, this machine` });
    fits.set(name, fit);
    const before = errors(start, cases);
    const after = errors(fit.profile, unseen);
    const together = errors(joint.profile, unseen);
    const passed = before.rankCorrelation >= BEFORE && after.rankCorrelation >= AFTER;
    if (!passed) failed = true;
    console.log(
      row(
        name,
        `${seen.length} + ${unseen.length}`,
        ceiling(cases).toFixed(3),
        before.rankCorrelation.toFixed(3),
        after.rankCorrelation.toFixed(3),
        together.rankCorrelation.toFixed(3),
        percent(before.medianRelativeError),
        percent(after.medianRelativeError),
        percent(together.medianRelativeError),
      ),
      passed ? "ok" : "BELOW THE LIMIT",
    );
  }
  console.log(
    "ceiling: correlation of two halves of the same measurements; after: one profile a " +
      "model; joint fit: one profile for all models; errors: median, relative",
  );

  console.log(
    "\nIs INT8 slower than float32? milliseconds (and times float32), measured and predicted",
  );
  console.log(row("model", "genome", "measured", "before fit", "after fit", "joint fit"));
  for (const { name, cases } of halves) {
    const three = cases.slice(0, 3);
    const columns = [
      three.map(({ latencyMs }) => latencyMs),
      ...[start, fits.get(name)!.profile, joint.profile].map((profile) =>
        predictions(profile, three),
      ),
    ];
    three.forEach((one, i) => {
      const cells = columns.map(
        (column) => `${column[i]!.toFixed(3)} (${(column[i]! / column[0]!).toFixed(2)})`,
      );
      console.log(row(name, one.name, ...cells));
    });
  }

  console.log("\nFigures of the joint fit");
  for (const {
    path,
    unit,
    before,
    value,
    status,
    relativeError,
    confoundedWith,
  } of joint.parameters) {
    const doubt = confoundedWith.length > 0 ? `, not told from ${confoundedWith.join(", ")}` : "";
    const error = Number.isFinite(relativeError) ? ` +-${percent(relativeError)}` : "";
    console.log(
      `  ${path}: ${before} -> ${Number(value.toPrecision(4))} ${unit}${error}, ${status}${doubt}`,
    );
  }
  const { crossValidation } = joint;
  if (crossValidation !== undefined)
    console.log(
      `cross-validation of the joint fit, ${crossValidation.folds} parts: median error ` +
        `${percent(crossValidation.medianRelativeError)}, 90% within ` +
        `${percent(crossValidation.p90RelativeError)}, Spearman ` +
        `${crossValidation.rankCorrelation.toFixed(3)}`,
    );
  if (failed) process.exitCode = 1;
}

function predictions(profile: HardwareProfile, cases: readonly Case[]): number[] {
  const model = new RooflineCostModel(profile);
  return cases.map(({ model: spec, genome }) => model.estimate(spec, genome).latencyMs);
}

function errors(profile: HardwareProfile, cases: readonly Case[]) {
  return latencyErrors(predictions(profile, cases), cases);
}

/** How well the fastest of one half of the runs ranks the genomes as the other half does. */
function ceiling(cases: readonly Case[]): number {
  const half = (odd: number) =>
    cases.map(({ measured }) => Math.min(...measured.samplesMs.filter((_, i) => i % 2 === odd)));
  return rankCorrelation(half(0), half(1));
}

async function vnniFlags(): Promise<string[]> {
  try {
    const flags = /^flags\s*:(.*)$/m.exec(await readFile("/proc/cpuinfo", "utf8"))?.[1] ?? "";
    return flags.split(" ").filter((flag) => flag === "avx512_vnni" || flag === "avx_vnni");
  } catch {
    return [];
  }
}

function row(first: string, ...cells: string[]): string {
  return first.padEnd(21) + cells.map((cell) => cell.padStart(15)).join("");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

await main();
