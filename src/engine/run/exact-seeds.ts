import type { AllocationProblem } from "../../allocation/allocation-problem.js";
import { exactAllocations } from "../../allocation/exact-allocations.js";
import { nextTask } from "../../async/next-task.js";
import { layerSizeBytes } from "../../evaluation/genome-size.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import type { WeightBits } from "../../genes/bits.js";
import type { LayerSpace } from "../../genes/precision.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import type { LayerQuantConfig, LayerQuantConfigFields } from "../../genome/layer-quant-config.js";
import type { HardwareCostModel } from "../../hardware/contract.js";
import type { LayerSpec, ModelSpec } from "../../model/layer-spec.js";
import type { SamplingOperator } from "../../operators/contract.js";
import { anchorConfig } from "../../operators/sampling/anchor-config.js";

/** What {@link exactSeeds} reads the tables from. */
export interface ExactSeedOptions {
  readonly model: ModelSpec;
  readonly noiseTable: NoiseTable;
  readonly costModel: HardwareCostModel;
  /** How much each layer's noise counts, by name, at least 0. Default: all the same. */
  readonly noiseWeights?: ReadonlyMap<string, number> | undefined;
  /** What {@link prepareExactSeeds} found. Default: made when it is needed. */
  readonly tables?: ExactSeedTables | undefined;
  /** Settings that a layer may have. Default: {@link anchorConfig} at each of its widths. */
  readonly settingsOf?: ((space: LayerSpace) => readonly LayerQuantConfig[]) | undefined;
}

/** What {@link exactSeeds} solves. */
export interface ExactSeedTables {
  readonly problem: AllocationProblem;
  readonly objectives: readonly string[];
  /** What each choice of each layer means, layers in the order of the model. */
  readonly settings: readonly (readonly LayerQuantConfig[])[];
}

/**
 * Latency of every layer by name, ms, when all layers have a width as far as they can; by width.
 */
type WidthLatencies = ReadonlyMap<WeightBits, ReadonlyMap<string, number>>;

/**
 * {@link anchorConfig} at each width, and where weights may be cut per group or tensor these
 * besides.
 */
export function granularSettings(space: LayerSpace): readonly LayerQuantConfig[] {
  const grains = space.granularities.flatMap((granularity): Partial<LayerQuantConfigFields>[] =>
    granularity === "per-group"
      ? space.groupSizes.map((groupSize) => ({ granularity, groupSize }))
      : [{ granularity }],
  );
  return anchorSettings(space).flatMap((config) => grains.map((grain) => config.with(grain)));
}

const anchorSettings = (space: LayerSpace) =>
  space.weightBits.map((bits) => anchorConfig(space, bits));

/**
 * Mixed-precision genomes that are exact optima of the tables: of all ways to give every layer one
 * of its widths (everything else as {@link anchorConfig} has it), those on the front of predicted
 * noise, size and latency. What the tables do not see (activations, how layers act together) is
 * left to evolution. A cost model that cannot say what a width costs leaves noise and size.
 */
export function exactSeeds(parts: ExactSeedOptions): SamplingOperator {
  return {
    name: "exact-allocation",
    sample({ space, count }) {
      const { problem, objectives, settings } = parts.tables ?? tablesNow(space, parts);
      const place = new Map(problem.layers.map(({ name }, i) => [name, i]));
      return exactAllocations(problem, { objectives, count }).map((choice) =>
        space.encodeUnits(({ layers: [name] }) => {
          const at = place.get(name!)!;
          return settings[at]![choice[at]!]!;
        }),
      );
    },
  };
}

/**
 * Makes what {@link exactSeeds} solves, one layer of the noise table or one estimate of the cost
 * model a turn of the event loop, so that a run can be stopped meanwhile.
 * @returns undefined when the signal was aborted
 */
export async function prepareExactSeeds(
  space: GeneSpace,
  parts: ExactSeedOptions,
  signal?: AbortSignal,
): Promise<ExactSeedTables | undefined> {
  const { model, noiseTable, costModel, settingsOf = anchorSettings } = parts;
  for (const layer of model.layers) {
    for (const config of settingsOf(space.layers.get(layer.name)!))
      anchorNoise(noiseTable, layer, config);
    await nextTask();
    if (signal?.aborted) return undefined;
  }
  const widths = latenciesByWidth(space, model, costModel);
  for (;;) {
    const { done, value } = widths.next();
    await nextTask();
    if (signal?.aborted) return undefined;
    if (done) return tables(space, parts, value);
  }
}

function anchorNoise(noiseTable: NoiseTable, layer: LayerSpec, config: LayerQuantConfig): number {
  return noiseTable.weightNoise(layer.name, config, config.calibrationMethod ?? "mse");
}

function tables(
  space: GeneSpace,
  parts: ExactSeedOptions,
  known: WidthLatencies | undefined,
): ExactSeedTables {
  const { model, noiseTable, noiseWeights, settingsOf = anchorSettings } = parts;
  const latencies = tellingLatencies(known);
  const place = new Map(model.layers.map((layer, i) => [layer.name, i]));
  const settings = model.layers.map((layer) => settingsOf(space.layers.get(layer.name)!));
  const layers = model.layers.map((layer, i) => {
    return {
      name: layer.name,
      choices: settings[i]!.map((config) => {
        const noise = anchorNoise(noiseTable, layer, config);
        return {
          noise: noise * (noiseWeights?.get(layer.name) ?? 1),
          sizeBytes: layerSizeBytes(layer, config),
          ...(latencies && { latencyMs: latencies.get(config.weightBits)!.get(layer.name) ?? 0 }),
        };
      }),
    };
  });
  const ties = space.ties.map((tie) => tie.map((name) => place.get(name)!));
  return {
    problem: { layers, ties },
    settings,
    objectives: latencies ? ["noise", "sizeBytes", "latencyMs"] : ["noise", "sizeBytes"],
  };
}

/** The latencies, unless every width has the same. */
function tellingLatencies(latencies: WidthLatencies | undefined): WidthLatencies | undefined {
  const [first, ...others] = [...(latencies?.values() ?? [])];
  const tells = others.some((other) =>
    [...other].some(([name, latency]) => first!.get(name) !== latency),
  );
  return tells ? latencies : undefined;
}

/** By width, one a step; undefined when the cost model cannot say what one costs. */
function* latenciesByWidth(
  space: GeneSpace,
  model: ModelSpec,
  costModel: HardwareCostModel,
): Generator<void, WidthLatencies | undefined> {
  const widths = new Set([...space.layers.values()].flatMap(({ weightBits }) => weightBits));
  const latencies = new Map<WeightBits, ReadonlyMap<string, number>>();
  for (const bits of widths) {
    const genome = space.decode(space.encodeUnits((unit) => anchorConfig(unit.space, bits)));
    try {
      const { layers } = costModel.estimate(model, genome);
      if (layers.some((layer) => !Number.isFinite(layer.latencyMs))) return undefined;
      latencies.set(bits, new Map(layers.map((layer) => [layer.name, layer.latencyMs])));
    } catch {
      // It will fail the genomes themselves, with its reason.
      return undefined;
    }
    yield;
  }
  return latencies;
}

function tablesNow(space: GeneSpace, parts: ExactSeedOptions): ExactSeedTables {
  const widths = latenciesByWidth(space, parts.model, parts.costModel);
  for (;;) {
    const { done, value } = widths.next();
    if (done) return tables(space, parts, value);
  }
}
