/**
 * Times 10,000 genomes of 50 layers: `estimate` against the plain loop that looks every layer's configuration up in a
 * precomputed table and sums latency, energy and bytes. Prints the ratio of the medians of alternating runs.
 */
import { LayerQuantConfig } from "../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../src/genome/quantization-genome.js";
import { costModelFor } from "../src/hardware/registry.js";
import type { ModelSpec } from "../src/model/layer-spec.js";

const LAYERS = 50;

/** A chain of 50 equal products. */
export function speedModel(): ModelSpec {
  return {
    name: "speed",
    source: "user",
    layers: Array.from({ length: LAYERS }, (_, i) => ({
      name: `layer_${i}`,
      kind: "matmul",
      parameterCount: 65_536,
      macs: 65_536 * 16,
      inputShape: [1, 16, 256],
      outputShape: [1, 16, 256],
    })),
  };
}

/** Genomes of random widths, from a fixed linear congruential sequence. */
export function speedGenomes(model: ModelSpec, count: number): readonly QuantizationGenome[] {
  let state = 12_345;
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const configs = ([2, 4, 6, 8] as const).flatMap((weightBits) =>
    ([8, 16] as const).map((activationBits) => new LayerQuantConfig({ weightBits, activationBits })),
  );
  return Array.from(
    { length: count },
    () =>
      new QuantizationGenome({
        layerConfigs: new Map(model.layers.map((layer) => [layer.name, configs[next(configs.length)]!])),
      }),
  );
}

/** Median milliseconds of both loops over the genomes, in alternating runs. */
export function timeEstimates(genomes: number, runs = 5): { estimateMs: number; loopMs: number } {
  const model = speedModel();
  const all = speedGenomes(model, genomes);
  const costModel = costModelFor("arm-neon");
  const tables = new Map<string, Map<string, { ms: number; mj: number; bytes: number }>>();
  const keyOf = (config: LayerQuantConfig) => `${config.weightBits} ${config.activationBits}`;
  for (const layer of model.layers) tables.set(layer.name, new Map());
  for (const genome of all)
    for (const [name, config] of genome.layerConfigs) {
      const table = tables.get(name)!;
      if (!table.has(keyOf(config)))
        table.set(keyOf(config), { ms: config.weightBits, mj: config.activationBits, bytes: 1 });
    }
  let sink = 0;
  const loop = () => {
    for (const genome of all) {
      let ms = 0;
      let mj = 0;
      let bytes = 0;
      for (const [name, config] of genome.layerConfigs) {
        const row = tables.get(name)!.get(keyOf(config))!;
        ms += row.ms;
        mj += row.mj;
        bytes += row.bytes;
      }
      sink += ms + mj + bytes;
    }
  };
  const estimate = () => {
    for (const genome of all) {
      const { latencyMs, energyMj, storedBytes } = costModel.estimate(model, genome);
      sink += latencyMs + energyMj + storedBytes;
    }
  };
  const time = (work: () => void) => {
    const start = performance.now();
    work();
    return performance.now() - start;
  };
  loop();
  estimate();
  const loops: number[] = [];
  const estimates: number[] = [];
  for (let i = 0; i < runs; i++) {
    loops.push(time(loop));
    estimates.push(time(estimate));
  }
  if (!Number.isFinite(sink)) throw new Error("the sums are no numbers");
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number;
  return { estimateMs: middle(estimates), loopMs: middle(loops) };
}

if (process.argv[1]?.endsWith("estimate-speed.ts") === true) {
  const { estimateMs, loopMs } = timeEstimates(10_000);
  console.log(
    `10,000 genomes of ${LAYERS} layers: estimate ${estimateMs.toFixed(1)} ms, plain loop ${loopMs.toFixed(1)} ms, ratio ${(estimateMs / loopMs).toFixed(2)}`,
  );
}
