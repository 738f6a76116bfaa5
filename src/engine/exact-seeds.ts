import type { AllocationProblem } from "../allocation/allocation-problem.js";
import { exactAllocations } from "../allocation/exact-allocations.js";
import { layerSizeBytes } from "../evaluation/genome-size.js";
import { nextTask } from "../evaluation/next-task.js";
import type { NoiseTable } from "../evaluation/noise-table.js";
import type { WeightBits } from "../genome/bits.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { HardwareCostModel } from "../hardware/contract.js";
import type { LayerSpec, ModelSpec } from "../model/layer-spec.js";
import type { SamplingOperator, SearchRules } from "../operators/contract.js";
import { newGenome } from "../operators/new-genome.js";
import { anchorConfig } from "../operators/sampling/anchor-config.js";

/** What {@link exactSeeds} reads the tables from. */
export interface ExactSeedParts {
  readonly model: ModelSpec;
  readonly noiseTable: NoiseTable;
  readonly costModel: HardwareCostModel;
  /** How much each layer's noise counts, by name, at least 0. Default: all the same. */
  readonly noiseWeights?: ReadonlyMap<string, number> | undefined;
}

/**
 * Mixed-precision genomes that are exact optima of the tables: of all ways to give every layer one of its widths
 * (everything else as {@link anchorConfig} has it), those on the front of predicted noise, size and latency. What the
 * tables do not see (activations, how layers act together) is left to evolution. A cost model that
 * cannot say what a width costs leaves noise and size.
 */
export function exactSeeds(parts: ExactSeedParts): SamplingOperator {
  return {
    name: "exact-allocation",
    sample(rules, count) {
      const { problem, objectives } = tables(rules, parts);
      const names = [...rules.layers.keys()];
      const place = new Map(names.map((name, i) => [name, i]));
      return exactAllocations(problem, { objectives, count }).map((choice) =>
        newGenome(rules, (space, name) => anchorConfig(space, space.weightBits[choice[place.get(name)!]!]!)),
      );
    },
  };
}

/**
 * Computes what {@link exactSeeds} will read of the noise table, one layer a turn of the event loop, so that a run can
 * be stopped meanwhile. Returns early when the signal aborts.
 */
export async function prepareExactSeeds(
  rules: SearchRules,
  { model, noiseTable }: Pick<ExactSeedParts, "model" | "noiseTable">,
  signal?: AbortSignal,
): Promise<void> {
  for (const layer of model.layers) {
    const space = rules.layers.get(layer.name)!;
    for (const bits of space.weightBits) anchorNoise(noiseTable, layer, anchorConfig(space, bits));
    await nextTask();
    if (signal?.aborted) return;
  }
}

function anchorNoise(noiseTable: NoiseTable, layer: LayerSpec, config: LayerQuantConfig): number {
  return noiseTable.weightNoise(layer.name, config, config.calibrationMethod ?? "mse");
}

function tables(
  rules: SearchRules,
  { model, noiseTable, costModel, noiseWeights }: ExactSeedParts,
): { problem: AllocationProblem; objectives: readonly string[] } {
  const latencies = latenciesByWidth(rules, model, costModel);
  const place = new Map(model.layers.map((layer, i) => [layer.name, i]));
  const layers = model.layers.map((layer) => {
    const space = rules.layers.get(layer.name)!;
    return {
      name: layer.name,
      choices: space.weightBits.map((bits) => {
        const config = anchorConfig(space, bits);
        const noise = anchorNoise(noiseTable, layer, config);
        return {
          noise: noise * (noiseWeights?.get(layer.name) ?? 1),
          sizeBytes: layerSizeBytes(layer, config),
          ...(latencies && { latencyMs: latencies.get(bits)!.get(layer.name) ?? 0 }),
        };
      }),
    };
  });
  const ties = rules.ties.map((tie) => tie.map((name) => place.get(name)!));
  return {
    problem: { layers, ties },
    objectives: latencies ? ["noise", "sizeBytes", "latencyMs"] : ["noise", "sizeBytes"],
  };
}

/** Latency of every layer by name, for each width, when all layers have it as far as they can. */
function latenciesByWidth(
  rules: SearchRules,
  model: ModelSpec,
  costModel: HardwareCostModel,
): ReadonlyMap<WeightBits, ReadonlyMap<string, number>> | undefined {
  const widths = new Set([...rules.layers.values()].flatMap((space) => space.weightBits));
  const latencies = new Map<WeightBits, ReadonlyMap<string, number>>();
  for (const bits of widths) {
    const genome = newGenome(rules, (space) => anchorConfig(space, bits));
    try {
      const { layers } = costModel.estimate(model, genome);
      if (layers.some((layer) => !Number.isFinite(layer.latencyMs))) return undefined;
      latencies.set(bits, new Map(layers.map((layer) => [layer.name, layer.latencyMs])));
    } catch {
      // It will fail the genomes themselves, with its reason.
      return undefined;
    }
  }
  return latencies;
}
