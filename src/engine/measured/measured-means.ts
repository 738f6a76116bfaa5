import type { EvaluationContext } from "../../evaluation/evaluate-genome.js";
import type { NoiseTable } from "../../evaluation/noise-table.js";
import { sensitivityPrior } from "../../evaluation/sensitivity-prior.js";
import type { SearchRules } from "../../operators/contract.js";
import type { ResolvedConfig } from "../config.js";
import type { EvaluationLedger } from "../evaluation-ledger.js";
import type { EvolutionSurroundings } from "../evolve.js";
import { type ExactSeedParts, granularSettings } from "../exact-seeds.js";
import { MeasuredRecord } from "./measured-record.js";
import { MeasuredSearch } from "./measured-search.js";

/** What a run has beside its ledger when its evaluations are dear. */
export interface MeasuredMeans {
  /** Wherever accuracies are measured, or the surrogate is asked for. */
  readonly record: MeasuredRecord | undefined;
  /** Settings that exact seeds choose from; undefined = their default. */
  readonly settingsOf: ExactSeedParts["settingsOf"];
  /** What evolution asks: the ledger itself, or a {@link MeasuredSearch} before it. */
  surroundings(ledger: EvaluationLedger): EvolutionSurroundings;
}

/** By default both means are used where the evaluator measures and can judge on a part of its samples. */
export function measuredMeans(
  config: Pick<ResolvedConfig, "surrogate" | "multiFidelity">,
  context: EvaluationContext,
  noiseTable: NoiseTable,
  rules: SearchRules,
): MeasuredMeans {
  const { evaluator, model } = context;
  const measures = evaluator.kind === "measured";
  const divides = measures && evaluator.sampleCount !== undefined;
  const { surrogate = divides, multiFidelity = divides } = config;
  const helped = surrogate || multiFidelity;
  const layerWeights = sensitivityPrior(model);
  const { baseline } = evaluator;
  const record =
    helped || measures ? new MeasuredRecord({ model, noiseTable, layerWeights, baseline }) : undefined;
  return {
    record,
    settingsOf: surrogate ? granularSettings : undefined,
    surroundings: (ledger) =>
      record === undefined || !helped
        ? ledger
        : new MeasuredSearch(context, ledger, record, { surrogate, multiFidelity, rules, noiseTable }),
  };
}
