import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The last commit before the SIMD kernels. */
const BEFORE = "52ca603";
const root = fileURLToPath(new URL("..", import.meta.url));

export interface NoiseTableRow {
  readonly beforeMs: number;
  readonly nowMs: number;
  /** Both gave the same noise, digit for digit. */
  readonly same: boolean;
  readonly parts: readonly { readonly part: string; readonly beforeMs: number; readonly nowMs: number }[];
}

// The shapes of both versions of the source, as far as this needs them.
interface Layer {
  readonly name: string;
  readonly weights?: Float32Array;
}
interface Source {
  readonly loadOnnxModel: (path: string) => Promise<{ readonly layers: readonly Layer[] }>;
  readonly createNoiseTable: (model: object) => {
    weightNoise(layer: string, config: object, method: string): number;
  };
  readonly LayerQuantConfig: new (fields: object) => object;
}

async function sourceAt(folder: string): Promise<Source> {
  const load = (path: string) => import(pathToFileURL(join(folder, "src", path)).href);
  const [onnx, table, config] = await Promise.all([
    load("onnx/load-onnx-model.ts"),
    load("evaluation/noise-table.ts"),
    load("genome/layer-quant-config.ts"),
  ]);
  return { ...onnx, ...table, ...config };
}

/** Calibrates and tables all layers of shakespeare-gpt, at this commit and at the one before the SIMD kernels, part by part in turn. @param now a clock, in ms */
export async function noiseTableRow(zoo: string, now: () => number): Promise<NoiseTableRow | undefined> {
  const path = join(zoo, "shakespeare-gpt/model.onnx");
  if (!existsSync(path)) throw new Error(`${path} is missing; give the zoo's folder by --zoo`);
  const old = mkdtempSync(join(tmpdir(), "quantevo-before-"));
  const archive = join(old, "src.tar");
  execFileSync("git", ["archive", "-o", archive, BEFORE, "src"], { cwd: root });
  execFileSync("tar", ["-xf", archive, "-C", old]);
  symlinkSync(join(root, "node_modules"), join(old, "node_modules"));
  writeFileSync(join(old, "package.json"), '{ "type": "module" }');
  const sources = [await sourceAt(old), await sourceAt(root)] as const;
  const models = await Promise.all(sources.map((source) => source.loadOnnxModel(path)));
  const parts: { part: string; beforeMs: number; nowMs: number }[] = [];
  let same = true;
  for (const method of ["min-max", "percentile", "mse", "entropy"])
    for (const granularity of ["per-tensor", "per-channel", "per-group"]) {
      const run = (which: 0 | 1): [number, string] => {
        const { createNoiseTable, LayerQuantConfig } = sources[which];
        const layers = models[which]!.layers.filter((layer) => layer.weights !== undefined);
        const table = createNoiseTable({ layers });
        const noise: number[] = [];
        const start = now();
        for (const weightBits of [2, 3, 4, 5, 6, 8])
          for (const layer of layers) {
            const config = new LayerQuantConfig({ weightBits, granularity, groupSize: 32 });
            noise.push(table.weightNoise(layer.name, config, method));
          }
        return [now() - start, noise.join()];
      };
      const [beforeMs, before] = run(0);
      const [nowMs, after] = run(1);
      same &&= before === after;
      parts.push({ part: `${method}, ${granularity}`, beforeMs, nowMs });
      console.log(
        `noise table ${method}, ${granularity}: ${beforeMs.toFixed(0)} ms before, ${nowMs.toFixed(0)} ms now`,
      );
    }
  const sum = (key: "beforeMs" | "nowMs") => parts.reduce((total, part) => total + part[key], 0);
  return { beforeMs: sum("beforeMs"), nowMs: sum("nowMs"), same, parts };
}
