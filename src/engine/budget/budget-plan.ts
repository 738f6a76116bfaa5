import type { EvaluationContext } from "../../evaluation/evaluate-genome.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import { sensitivityPrior } from "../../evaluation/sensitivity/sensitivity-prior.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import type { ResolvedConfig } from "../config.js";
import type { EvaluationLedger } from "../ledger/evaluation-ledger.js";
import type { EvolutionEvaluator } from "../run/evolution.js";
import { type ExactSeedOptions, granularSettings } from "../run/exact-seeds.js";
import {
  type SingleLayerSensitivity,
  singleLayerSensitivity,
} from "../sensitivity/single-layer-sensitivity.js";
import { MeasuredRecord } from "./measured-record.js";
import { lowFidelitySamples, MeasuredSearch } from "./measured-search.js";

/** How a run spends its evaluations: what it has beside its ledger when they are expensive. */
export interface BudgetPlan {
  /** Wherever accuracies are measured, or the surrogate is asked for. */
  readonly record: MeasuredRecord | undefined;
  /** Settings that exact seeds choose from; undefined = their default. */
  readonly settingsOf: ExactSeedOptions["settingsOf"];
  /** Most exact seeds, as a share of the first population; undefined = the default. */
  readonly seedShare: number | undefined;
  /**
   * {@link singleLayerSensitivity}, which the surrogate starts from as well; undefined where
   * no low-fidelity evaluation is possible, or it would cost too much.
   */
  readonly measureSingleLayers:
    | ((ledger: EvaluationLedger) => Promise<SingleLayerSensitivity | undefined>)
    | undefined;
  /** What evolution asks: the ledger itself, or a {@link MeasuredSearch} before it. */
  evaluatorFor(ledger: EvaluationLedger): EvolutionEvaluator;
}

/** What a run has to spend, and what it spends before everything else. */
export interface SpentBefore {
  /** The run's budget in whole evaluations. Default: no limit. */
  readonly maxEvaluations?: number | undefined;
  /** Genomes that are measured on all samples before anything else. Default 0. */
  readonly references?: number | undefined;
}

/** Exact seeds in the first population of a search with a surrogate. */
const SEED_SHARE = 0.6;

/**
 * Most whole evaluations that measuring each layer alone may cost, as a share of the first
 * population and of the budget. So a budget that decides it is one that hardly allows the first
 * population.
 */
const MOST_FOR_SINGLE_LAYERS = 1 / 3;

/**
 * Most whole evaluations that measuring layers again may cost, as a share of the first population.
 */
const REMEASURE_SHARE = 0.75;

/**
 * By default the surrogate and low-fidelity evaluations are used where the evaluator measures and
 * can judge on a part of its samples.
 */
export function budgetPlan(
  config: Pick<ResolvedConfig, "surrogate" | "multiFidelity" | "populationSize">,
  context: EvaluationContext,
  noiseTable: NoiseTable,
  space: GeneSpace,
  { maxEvaluations = Number.POSITIVE_INFINITY, references = 0 }: SpentBefore = {},
): BudgetPlan {
  const { evaluator, model } = context;
  const measures = evaluator.kind === "measured";
  const divides = measures && evaluator.sampleCount !== undefined;
  const { surrogate = divides, multiFidelity = divides } = config;
  const helped = surrogate || multiFidelity;
  const layerPrior = { weights: sensitivityPrior(model), deviations: new Map<string, number>() };
  const { baseline } = evaluator;
  const record =
    helped || measures
      ? new MeasuredRecord({ model, noiseTable, layerPrior, baseline })
      : undefined;
  // Without the float model's scores of the same samples, losses on few of them tell nothing.
  const samples =
    multiFidelity && baseline?.sampleScores ? lowFidelitySamples(evaluator.sampleCount) : undefined;
  const most = Math.min(
    MOST_FOR_SINGLE_LAYERS * Math.min(config.populationSize, maxEvaluations),
    maxEvaluations - references - 1,
  );
  return {
    record,
    measureSingleLayers:
      record === undefined || samples === undefined || singleLayerCost(context, samples) > most
        ? undefined
        : async (ledger) => {
            const { sampleCount = samples } = evaluator;
            const found = await singleLayerSensitivity({
              model,
              space,
              noiseTable,
              ledger,
              record,
              samples,
              sampleCount,
              remeasureAllowance: REMEASURE_SHARE * config.populationSize,
              left: () => maxEvaluations - ledger.wholeEvaluations,
            });
            if (found !== undefined)
              record.layerPrior = { weights: found.perNoise, deviations: found.deviations };
            return found;
          },
    // Random genomes teach a surrogate less than they cost: nearly all of them are ruined.
    seedShare: surrogate ? SEED_SHARE : undefined,
    settingsOf: surrogate ? granularSettings : undefined,
    evaluatorFor: (ledger) =>
      record === undefined || !helped
        ? ledger
        : new MeasuredSearch(context, ledger, record, { surrogate, multiFidelity, space }),
  };
}

/** What looking at each layer costs, in whole evaluations. */
function singleLayerCost({ model, evaluator }: EvaluationContext, samples: number): number {
  return (model.layers.length * samples) / (evaluator.sampleCount ?? samples);
}
