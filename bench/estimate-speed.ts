/**
 * Times 10,000 genomes of 50 layers, `npm run bench:estimate [-- --json]`: `estimate` against plain
 * loops that get the same genomes and sum precomputed tables of latency, energy and bytes.
 *
 * - `typed`, the yardstick: a look-up of each layer's settings in the genome, their choice by
 *   arithmetic on the two widths that differ, and three sums over Float64Arrays. No plain loop over
 *   genomes can do less;
 * - `keyed`: the loop that one writes without thinking, with tables keyed by a text of the
 *   settings;
 * - `indices`: sums alone, of choices that somebody has found before. It gets no genomes: the price
 *   of the input.
 *
 * Rounds take turns; ratios are of the fastest rounds, since other work only ever makes one slower.
 */
import { LayerQuantConfig } from "../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../src/genome/quantization-genome.js";
import type { HardwareTarget } from "../src/hardware/contract.js";
import { costModelFor } from "../src/hardware/registry.js";
import type { ModelSpec } from "../src/model/layer-spec.js";

const LAYERS = 50;
const WEIGHT_BITS = [2, 4, 6, 8] as const;
const ACTIVATION_BITS = [8, 16] as const;

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
  const configs = WEIGHT_BITS.flatMap((weightBits) =>
    ACTIVATION_BITS.map(
      (activationBits) =>
        new LayerQuantConfig({ weightBits, activationBits, activationScheme: "symmetric" }),
    ),
  );
  return Array.from(
    { length: count },
    () =>
      new QuantizationGenome({
        layerConfigs: new Map(
          model.layers.map((layer) => [layer.name, configs[next(configs.length)]!]),
        ),
      }),
  );
}

/** Milliseconds of the fastest round of each way. */
export interface EstimateTimes {
  readonly estimateMs: number;
  readonly typedMs: number;
  readonly keyedMs: number;
  readonly indicesMs: number;
}

/** Times every way over the same genomes, in alternating rounds. */
export function timeEstimates(
  genomes: number,
  rounds = 7,
  target: HardwareTarget = "arm-neon",
): EstimateTimes {
  const model = speedModel();
  const all = speedGenomes(model, genomes);
  const costModel = costModelFor(target);
  const names = model.layers.map(({ name }) => name);
  const choices = WEIGHT_BITS.length * ACTIVATION_BITS.length;
  const choiceOf = (config: LayerQuantConfig) =>
    config.weightBits - 2 + (config.activationBits >> 4);
  const table = (unit: number) =>
    Float64Array.from({ length: LAYERS * choices }, (_, i) => unit * (1 + (i % 13)));
  const [ms, mj, bytes] = [table(0.1), table(0.2), table(100)];
  const keyOf = (config: LayerQuantConfig) => `${config.weightBits} ${config.activationBits}`;
  const keyed = new Map(names.map((name) => [name, new Map<string, number>()]));
  for (const genome of all)
    for (const [name, config] of genome.layerConfigs)
      keyed.get(name)?.set(keyOf(config), names.indexOf(name) * choices + choiceOf(config));
  const indices = Int32Array.from(
    all.flatMap((genome) =>
      names.map(
        (name, i) => i * choices + choiceOf(genome.layerConfigs.get(name) as LayerQuantConfig),
      ),
    ),
  );
  let sink = 0;
  const sum = (
    of: (genome: QuantizationGenome, index: number, add: (at: number) => void) => void,
  ) => {
    let [a, b, c] = [0, 0, 0];
    const add = (at: number) => {
      a += ms[at] as number;
      b += mj[at] as number;
      c += bytes[at] as number;
    };
    all.forEach((genome, index) => {
      of(genome, index, add);
    });
    sink += a + b + c;
  };
  const ways = {
    estimateMs: () => {
      for (const genome of all) {
        const { latencyMs, energyMj, storedBytes } = costModel.estimate(model, genome);
        sink += latencyMs + energyMj + storedBytes;
      }
    },
    typedMs: () => {
      for (const { layerConfigs } of all) {
        let [a, b, c] = [0, 0, 0];
        for (let i = 0; i < LAYERS; i++) {
          const at =
            i * choices + choiceOf(layerConfigs.get(names[i] as string) as LayerQuantConfig);
          a += ms[at] as number;
          b += mj[at] as number;
          c += bytes[at] as number;
        }
        sink += a + b + c;
      }
    },
    keyedMs: () =>
      sum(({ layerConfigs }, _, add) => {
        for (const [name, config] of layerConfigs)
          add(keyed.get(name)?.get(keyOf(config)) as number);
      }),
    indicesMs: () => {
      for (let g = 0; g < all.length; g++) {
        let [a, b, c] = [0, 0, 0];
        for (let i = 0; i < LAYERS; i++) {
          const at = indices[g * LAYERS + i] as number;
          a += ms[at] as number;
          b += mj[at] as number;
          c += bytes[at] as number;
        }
        sink += a + b + c;
      }
    },
  };
  const best = { estimateMs: Infinity, typedMs: Infinity, keyedMs: Infinity, indicesMs: Infinity };
  for (let round = 0; round <= rounds; round++)
    for (const name of Object.keys(ways) as (keyof EstimateTimes)[]) {
      const start = performance.now();
      ways[name]();
      // The first round warms up.
      if (round > 0) best[name] = Math.min(best[name], performance.now() - start);
    }
  if (!Number.isFinite(sink)) throw new Error("the sums are no numbers");
  return best;
}

if (process.argv[1]?.endsWith("estimate-speed.ts") === true) {
  const targets = ["arm-neon", "nvidia-tensorrt", "intel-vnni"] as const;
  const rows = targets.map((target) => ({ target, ...timeEstimates(10_000, 9, target) }));
  if (process.argv.includes("--json")) console.log(JSON.stringify(rows));
  else
    for (const { target, estimateMs, typedMs, keyedMs, indicesMs } of rows) {
      const against = (ms: number) => `${ms.toFixed(1)} ms (${(estimateMs / ms).toFixed(2)}x)`;
      console.log(
        `${target}: 10,000 genomes of ${LAYERS} layers, estimate ${estimateMs.toFixed(1)} ` +
          `ms; typed loop ${against(typedMs)}, keyed loop ${against(keyedMs)}, sums of known ` +
          `indices ${against(indicesMs)}`,
      );
    }
}
