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
import { firstLook, MeasuredSearch } from "./measured-search.js";

/** What a run has beside its ledger when its evaluations are dear. */
export interface MeasuredMeans {
  /** Wherever accuracies are measured, or the surrogate is asked for. */
  readonly record: MeasuredRecord | undefined;
  /** Settings that exact seeds choose from; undefined = their default. */
  readonly settingsOf: ExactSeedOptions["settingsOf"];
  /** Most exact seeds, as a share of the first population; undefined = the default. */
  readonly seedShare: number | undefined;
  /**
   * {@link singleLayerSensitivity}, which the surrogate starts from as well; undefined where
   * nothing is looked at on few samples or it would cost too much.
   */
  readonly lookAtLayers:
    | ((ledger: EvaluationLedger) => Promise<SingleLayerSensitivity | undefined>)
    | undefined;
  /** What evolution asks: the ledger itself, or a {@link MeasuredSearch} before it. */
  evaluatorFor(ledger: EvaluationLedger): EvolutionEvaluator;
}

/** Exact seeds in the first population of a search with a surrogate. */
const SEED_SHARE = 0.6;

/**
 * Most whole evaluations that looking at each layer alone may cost, as a share of the first
 * population and of the budget. So a budget that decides it is one that hardly allows the first
 * population.
 */
const MOST_FOR_LAYERS = 1 / 3;

/**
 * Most whole evaluations that a second look at layers may cost, as a share of the first population.
 */
const SECOND_LOOK = 0.75;

/**
 * By default both means are used where the evaluator measures and can judge on a part of its
 * samples.
 */
export function measuredMeans(
  config: Pick<ResolvedConfig, "surrogate" | "multiFidelity" | "populationSize">,
  context: EvaluationContext,
  noiseTable: NoiseTable,
  space: GeneSpace,
  maxEvaluations = Number.POSITIVE_INFINITY,
): MeasuredMeans {
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
    multiFidelity && baseline?.sampleScores ? firstLook(evaluator.sampleCount) : undefined;
  const most = Math.min(
    MOST_FOR_LAYERS * Math.min(config.populationSize, maxEvaluations),
    maxEvaluations - 1,
  );
  return {
    record,
    lookAtLayers:
      record === undefined || samples === undefined || layerLooks(context, samples) > most
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
              remeasureAllowance: SECOND_LOOK * config.populationSize,
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
function layerLooks({ model, evaluator }: EvaluationContext, samples: number): number {
  return (model.layers.length * samples) / (evaluator.sampleCount ?? samples);
}
