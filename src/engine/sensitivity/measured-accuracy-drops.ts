import type { EvaluationContext } from "../../evaluation/evaluate-genome.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import { checkedLossIncreases } from "../../evaluation/sensitivity/checked-loss-increases.js";
import type { SensitivityRequest } from "../../evaluation/sensitivity/contract.js";
import { layerAlone } from "../../evaluation/sensitivity/layer-sensitivity.js";
import { priorWeightedNoise } from "../../evaluation/sensitivity/weight-noise.js";
import { float32Genome } from "../../evaluation/uniform-genome.js";
import type { EvaluationLedger } from "../ledger/evaluation-ledger.js";
import { type FilledLossIncreases, fillFromPrediction } from "./fill-from-prediction.js";

/** The drop of accuracy by layer, measured or filled in from the prediction. */
export interface MeasuredAccuracyDrops extends FilledLossIncreases {
  /** Whether the budget was too small to measure every layer. */
  readonly cut: boolean;
}

/** What {@link measuredAccuracyDrops} needs besides its request. */
export interface AccuracyDropsContext {
  readonly context: EvaluationContext;
  /** Counts the evaluations. */
  readonly ledger: EvaluationLedger;
  readonly noiseTable: NoiseTable;
  /** The run's budget in whole evaluations. Default: no limit. */
  readonly maxEvaluations?: number | undefined;
}

/** Largest share of what is left of the budget, so that the search has as much. */
const SHARE_OF_BUDGET = 1 / 2;

/**
 * The drop of accuracy when one layer's weights alone are quantized, as `accuracyDrops` defines it,
 * with evaluations that the ledger counts. The budget leaves out the layers with the least
 * predicted loss increase. A layer that it leaves out, or whose evaluation fails, gets its
 * predicted loss increase in the same scale.
 * @throws the signal's reason after an abort
 */
export async function measuredAccuracyDrops(
  { context, ledger, noiseTable, maxEvaluations = Number.POSITIVE_INFINITY }: AccuracyDropsContext,
  request: SensitivityRequest,
): Promise<MeasuredAccuracyDrops> {
  const { model } = context;
  const predicted = await checkedLossIncreases(priorWeightedNoise({ noiseTable }), model, request);
  const floats = float32Genome(model);
  const left = Math.max(0, maxEvaluations - ledger.wholeEvaluations);
  const affordable = Math.floor(left * SHARE_OF_BUDGET);
  let baseline = context.float.estimate;
  const most = affordable - (baseline === undefined ? 1 : 0);
  const chosen = new Set(
    [...predicted]
      .sort(([, a], [, b]) => b - a)
      .slice(0, Math.max(0, most))
      .map(([name]) => name),
  );
  if (baseline === undefined && chosen.size > 0) [baseline] = await ledger.ask([floats]);
  const probes = model.layers
    .filter(({ name }) => chosen.has(name))
    .map(({ name }) => ({ name, genome: layerAlone(floats, name) }));
  const answers =
    baseline === undefined ? [] : await ledger.ask(probes.map(({ genome }) => genome));
  request.signal?.throwIfAborted();
  const measured = new Map<string, number>();
  const reasons = new Map<string, string | undefined>();
  for (const [i, { name, genome }] of probes.entries()) {
    const answer = answers[i];
    if (answer !== undefined) measured.set(name, Math.max(0, baseline!.accuracy - answer.accuracy));
    else reasons.set(name, ledger.reasonOf(baseline === undefined ? floats : genome));
  }
  return {
    lossIncreases: fillFromPrediction(measured, predicted),
    fallbacks: model.layers
      .filter(({ name }) => !measured.has(name))
      .map(({ name: layer }) => ({
        layer,
        reason:
          reasons.get(layer) ??
          `half of what is left of maxEvaluations, ${affordable}, is spent on other layers`,
      })),
    cut: chosen.size < model.layers.length,
  };
}
