import type { EvaluationContext } from "../../evaluation/evaluate-genome.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import { sensitivityPrior } from "../../evaluation/sensitivity/sensitivity-prior.js";
import { float32Genome } from "../../evaluation/uniform-genome.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { anchorConfig } from "../../operators/sampling/anchor-config.js";
import { randomSampling } from "../../operators/sampling/random-sampling.js";
import { Random } from "../../random/random.js";
import { measuredLoss } from "../budget/measured-loss.js";
import type { EvaluationLedger } from "../ledger/evaluation-ledger.js";
import { exactSeeds, granularSettings } from "../run/exact-seeds.js";
import { fillFromPrediction } from "../sensitivity/fill-from-prediction.js";
import type { BaselineName } from "./baseline-names.js";
import { greedyPath } from "./greedy-path.js";

/** What the genomes of a baseline are made from. */
export interface BaselineOptions {
  readonly space: GeneSpace;
  readonly context: EvaluationContext;
  readonly noiseTable: NoiseTable;
  readonly seed: string | number;
  /** Counts what choosing the genomes costs. */
  readonly ledger: EvaluationLedger;
}

/**
 * The genomes of a baseline for a budget of whole evaluations: `uniform`: all layers alike, each
 * width with each granularity and group size (fewer than the budget, as a rule); `greedy`:
 * {@link greedyPath} by sensitivity, measured one layer at a time where the budget is twice what
 * that costs or more and the evaluator measures, else from the noise table; `random`: drawn evenly
 * from the space; `exact`: optima of the table of noise, weighted by the sensitivity prior, and
 * size ({@link exactSeeds}).
 */
export async function baselineGenomes(
  name: BaselineName,
  budget: number,
  parts: BaselineOptions,
): Promise<readonly QuantizationGenome[]> {
  const { space, context, noiseTable, seed } = parts;
  const { model, costModel } = context;
  const noiseWeights = sensitivityPrior(model);
  switch (name) {
    case "uniform":
      return uniformGenomes(space).slice(0, budget);
    case "greedy":
      return greedyGenomes(budget, parts);
    case "random": {
      const random = new Random(seed).child("baseline random");
      return randomSampling
        .sample({ space, count: budget, random })
        .map((genes) => space.decode(genes));
    }
    case "exact": {
      const seeds = exactSeeds({
        model,
        costModel,
        noiseTable,
        noiseWeights,
        settingsOf: granularSettings,
      });
      return seeds
        .sample({ space, count: budget, random: new Random(seed) })
        .map((genes) => space.decode(genes));
    }
  }
}

function uniformGenomes(space: GeneSpace): readonly QuantizationGenome[] {
  const settings = new Map<string, LayerQuantConfig>();
  for (const layer of space.layers.values())
    for (const config of granularSettings(layer))
      settings.set(JSON.stringify(config.toDict()), config);
  const genomes = [...settings.values()].map((wanted) =>
    space.decode(
      space.encodeUnits((unit) => {
        const config = anchorConfig(unit.space, wanted.weightBits);
        const { granularity, groupSize } = wanted;
        const has =
          unit.space.granularities.includes(granularity) &&
          (granularity !== "per-group" || unit.space.groupSizes.includes(groupSize));
        return has
          ? config.with({ granularity, ...(granularity === "per-group" && { groupSize }) })
          : config;
      }),
    ),
  );
  return [...new Map(genomes.map((genome) => [genome.key, genome])).values()];
}

async function greedyGenomes(
  budget: number,
  parts: BaselineOptions,
): Promise<readonly QuantizationGenome[]> {
  const { space, context, noiseTable } = parts;
  const { model, evaluator } = context;
  const measures = evaluator.kind === "measured" && budget >= 2 * model.layers.length;
  const sensitivity = measures ? await measuredSensitivities(parts) : sensitivityPrior(model);
  return greedyPath(space, model, noiseTable, sensitivity, budget - parts.ledger.evaluations);
}

/**
 * Loss per noise power of each layer, by quantizing it alone to the width nearest to 3 bits; by the
 * prior where that fails.
 */
async function measuredSensitivities(parts: BaselineOptions): Promise<ReadonlyMap<string, number>> {
  const { space, context, noiseTable, ledger } = parts;
  const { model, evaluator } = context;
  const floats = float32Genome(model);
  const configs = model.layers.map(({ name }) => anchorConfig(space.layers.get(name)!, PROBE_BITS));
  const answers = await ledger.ask(
    model.layers.map(({ name }, i) =>
      floats.with({ layerConfigs: new Map(floats.layerConfigs).set(name, configs[i]!) }),
    ),
  );
  const measured = new Map<string, number>();
  for (const [i, { name }] of model.layers.entries()) {
    const [estimate, config] = [answers[i], configs[i]!];
    if (estimate === undefined) continue;
    const { loss } = measuredLoss(estimate, evaluator.baseline);
    const noise = noiseTable.weightNoise(name, config, config.calibrationMethod ?? "mse");
    measured.set(name, Math.max(loss, LEAST_LOSS) / Math.max(noise, Number.EPSILON));
  }
  return fillFromPrediction(measured, sensitivityPrior(model));
}

/** Width at which a layer alone is measured. */
const PROBE_BITS = 3;
/** Losses that are no larger are noise of the measurement. */
const LEAST_LOSS = 1e-4;
