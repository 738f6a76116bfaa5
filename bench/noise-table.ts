import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, sourceAt } from "./source-at.js";

/** The last commit before the SIMD kernels. */
const BEFORE = "52ca603";

export interface NoiseTableRow {
  readonly beforeMs: number;
  readonly nowMs: number;
  /**
   * Parts whose noise differs from that commit's in any digit. Entropy calibration was corrected
   * since.
   */
  readonly changed: readonly string[];
  readonly parts: readonly {
    readonly part: string;
    readonly beforeMs: number;
    readonly nowMs: number;
  }[];
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

async function load(folder: string): Promise<Source> {
  const at = (path: string) => import(pathToFileURL(join(folder, "src", path)).href);
  const [onnx, table, config] = await Promise.all([
    at("formats/onnx/read/load-onnx-model.ts"),
    at("evaluation/noise-table.ts"),
    at("genome/layer-quant-config.ts"),
  ]);
  return { ...onnx, ...table, ...config };
}

/**
 * Calibrates and tables all layers of shakespeare-gpt, at this commit and at the one before the
 * SIMD kernels, part by part in turn. @param now a clock, in ms
 */
export async function noiseTableRow(
  zoo: string,
  now: () => number,
): Promise<NoiseTableRow | undefined> {
  const path = join(zoo, "shakespeare-gpt/model.onnx");
  if (!existsSync(path)) throw new Error(`${path} is missing; give the zoo's folder by --zoo`);
  const sources = [await load(sourceAt(BEFORE)), await load(root)] as const;
  const models = await Promise.all(sources.map((source) => source.loadOnnxModel(path)));
  const parts: { part: string; beforeMs: number; nowMs: number }[] = [];
  const changed: string[] = [];
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
      const part = `${method}, ${granularity}`;
      if (before !== after) changed.push(part);
      parts.push({ part, beforeMs, nowMs });
      console.log(
        `noise table ${part}: ${beforeMs.toFixed(0)} ms before, ${nowMs.toFixed(0)} ms now`,
      );
    }
  const sum = (key: "beforeMs" | "nowMs") => parts.reduce((total, part) => total + part[key], 0);
  return { beforeMs: sum("beforeMs"), nowMs: sum("nowMs"), changed, parts };
}
