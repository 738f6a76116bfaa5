import { checkedEvaluate } from "../../evaluation/checked-evaluate.js";
import type { EvaluationContext } from "../../evaluation/evaluate-genome.js";
import { mapConcurrent } from "../../evaluation/map-concurrent.js";
import type { NoiseTable } from "../../evaluation/noise-table.js";
import { sensitivityPrior } from "../../evaluation/sensitivity-prior.js";
import { float32Genome } from "../../evaluation/uniform-genome.js";
import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { SearchRules } from "../../operators/contract.js";
import { newGenome } from "../../operators/new-genome.js";
import { repairToRules } from "../../operators/repair/repair-to-rules.js";
import { anchorConfig } from "../../operators/sampling/anchor-config.js";
import { randomSampling } from "../../operators/sampling/random-sampling.js";
import { Random } from "../../random/random.js";
import { exactSeeds, granularSettings } from "../exact-seeds.js";
import type { BaselineName } from "./baseline-names.js";
import { greedyPath } from "./greedy-path.js";
import { measuredLoss } from "./measured-loss.js";

/** What the genomes of a baseline are made from. */
export interface BaselineParts {
  readonly rules: SearchRules;
  readonly context: EvaluationContext;
  readonly noiseTable: NoiseTable;
  readonly seed: string | number;
  /** Most evaluations in flight. */
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
}

/** Genomes that a baseline wants evaluated, and the whole evaluations that choosing them has cost. */
export interface BaselineChoice {
  readonly genomes: readonly QuantizationGenome[];
  readonly spent: number;
}

/**
 * The genomes of a baseline for a budget of whole evaluations:
 * `uniform`: all layers alike, each width with each granularity and group size (fewer than the budget, as a rule);
 * `greedy`: {@link greedyPath} by sensitivity, measured one layer at a time where the budget is twice what that
 * costs or more and the evaluator measures, else from the noise table; `random`: drawn evenly from the space; `exact`:
 * optima of the table of noise, weighted by the sensitivity prior, and size ({@link exactSeeds}).
 */
export async function baselineGenomes(
  name: BaselineName,
  budget: number,
  parts: BaselineParts,
): Promise<BaselineChoice> {
  const { rules, context, noiseTable, seed } = parts;
  const { model, costModel } = context;
  const noiseWeights = sensitivityPrior(model);
  switch (name) {
    case "uniform":
      return { genomes: uniformGenomes(rules).slice(0, budget), spent: 0 };
    case "greedy":
      return greedyGenomes(budget, parts);
    case "random": {
      const random = new Random(seed).child("baseline random");
      const drawn = randomSampling.sample(rules, budget, random);
      return { genomes: drawn.map((genome) => repairToRules.repair(genome, rules)), spent: 0 };
    }
    case "exact": {
      const seeds = exactSeeds({ model, costModel, noiseTable, noiseWeights, settingsOf: granularSettings });
      const drawn = seeds.sample(rules, budget, new Random(seed));
      return { genomes: drawn.map((genome) => repairToRules.repair(genome, rules)), spent: 0 };
    }
  }
}

function uniformGenomes(rules: SearchRules): readonly QuantizationGenome[] {
  const settings = new Map<string, LayerQuantConfig>();
  for (const space of rules.layers.values())
    for (const config of granularSettings(space)) settings.set(JSON.stringify(config.toDict()), config);
  const genomes = [...settings.values()].map((wanted) =>
    repairToRules.repair(
      newGenome(rules, (space) => {
        const config = anchorConfig(space, wanted.weightBits);
        const { granularity, groupSize } = wanted;
        const has =
          space.granularities.includes(granularity) &&
          (granularity !== "per-group" || space.groupSizes.includes(groupSize));
        return has ? config.with({ granularity, ...(granularity === "per-group" && { groupSize }) }) : config;
      }),
      rules,
    ),
  );
  return [...new Map(genomes.map((genome) => [genome.key, genome])).values()];
}

async function greedyGenomes(budget: number, parts: BaselineParts): Promise<BaselineChoice> {
  const { rules, context, noiseTable } = parts;
  const { model, evaluator } = context;
  const measures = evaluator.kind === "measured" && budget >= 2 * model.layers.length;
  const sensitivity = measures ? await measuredSensitivities(parts) : sensitivityPrior(model);
  const spent = measures ? model.layers.length : 0;
  return { genomes: greedyPath(rules, model, noiseTable, sensitivity, budget - spent), spent };
}

/** Loss per noise power of each layer, by quantizing it alone to the width nearest to 3 bits. */
async function measuredSensitivities(parts: BaselineParts): Promise<ReadonlyMap<string, number>> {
  const { rules, context, noiseTable, concurrency, signal } = parts;
  const { model, evaluator } = context;
  const floats = float32Genome(model);
  const outcomes = await mapConcurrent(
    model.layers,
    concurrency,
    async ({ name }) => {
      const config = anchorConfig(rules.layers.get(name)!, PROBE_BITS);
      const layerConfigs = new Map(floats.layerConfigs).set(name, config);
      const estimate = await checkedEvaluate(evaluator, floats.with({ layerConfigs }), signal);
      const { loss } = measuredLoss(estimate, evaluator.baseline);
      const noise = noiseTable.weightNoise(name, config, config.calibrationMethod ?? "mse");
      return Math.max(loss, LEAST_LOSS) / Math.max(noise, Number.EPSILON);
    },
    signal,
  );
  return new Map(
    outcomes.map((outcome, i) => {
      if (outcome.status === "rejected") throw outcome.reason;
      return [model.layers[i]!.name, outcome.status === "fulfilled" ? outcome.value : 0];
    }),
  );
}

/** Width at which a layer alone is measured. */
const PROBE_BITS = 3;
/** Losses that are no larger are noise of the measurement. */
const LEAST_LOSS = 1e-4;
